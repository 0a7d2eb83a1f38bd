package web

import (
	"os"
	"runtime/debug"
	"sync"
)

// build names this program, for entity tags: what it renders may differ from what another build
// made of the same data. Where the program does not carry the revision it was built of, its file
// does as well.
var build = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ofFile()
	}
	revision, modified := "", "true"
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			revision = setting.Value
		case "vcs.modified":
			modified = setting.Value
		}
	}
	if revision == "" || modified == "true" {
		return ofFile()
	}
	return revision
})

func ofFile() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return file.ModTime().String()
}
