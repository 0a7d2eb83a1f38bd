package importer

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ulikunitz/xz"
)

// File is one file of a dump, open for reading once.
type File struct {
	Name   string // without folders
	Path   string // below the dump, or Name where it is a single file
	Folder string // that holds it, without those above
	io.Reader
}

// maxFileBytes is more than any file of a dump (Stack Overflow's edit history has 200 GB):
// an archive that claims more was made to do harm.
const maxFileBytes = 1 << 40

// EachFile reads the files of a dump one after the other: of a folder, or of a .tar,
// .tar.gz or .tar.xz, which is not unpacked to disk. Files for which wanted is false are
// passed over and returned. That an archive is damaged can show after its last file only.
// Progress is counted in the bytes of dump as it lies on the disk.
func EachFile(dump string, wanted func(name string) bool, progress Progress, read func(File) error) (aside []string, err error) {
	info, err := os.Stat(dump)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return eachInFolder(dump, wanted, progress, read)
	}
	file, err := os.Open(dump)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	progress.Begin("reading "+filepath.Base(dump), info.Size())
	archive, err := decompressed(dump, bufio.NewReader(counted{file, progress})) // xz reads single bytes
	if err == nil {
		aside, err = eachInTar(archive, wanted, path.Base, read)
	}
	return aside, named(dump, err)
}

// EachText is EachFile for sources whose files are of one kind and told apart by their paths. It
// reads a single file as well, bare, .gz or .xz, and all that is in and below a folder.
func EachText(name string, wanted func(name string) bool, progress Progress, read func(File) error) (aside []string, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return eachBelow(name, wanted, progress, read)
	}
	progress.Begin("reading "+filepath.Base(name), info.Size())
	return readText(name, filepath.Base(name), wanted, progress, read)
}

func eachBelow(folder string, wanted func(string) bool, progress Progress, read func(File) error) (aside []string, err error) {
	progress.Begin("reading "+filepath.Base(folder), 0)
	err = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || !wanted(entry.Name()) {
			aside = append(aside, below)
			return nil
		}
		passed, err := readText(name, filepath.ToSlash(below), wanted, progress, read)
		aside = append(aside, passed...)
		return err
	})
	return aside, err
}

// readText reads a file, or those in it where it is an archive.
func readText(name, shown string, wanted func(string) bool, progress Progress, read func(File) error) (aside []string, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := bufio.NewReader(counted{file, progress})
	if isTar.MatchString(name) {
		archive, err := decompressed(name, in)
		if err == nil {
			aside, err = eachInTar(archive, wanted, path.Clean, read)
		}
		return aside, named(name, err)
	}
	text, err := uncompressed(name, in)
	if err == nil {
		err = read(File{Name: path.Base(shown), Path: shown, Folder: filepath.Base(filepath.Dir(name)), Reader: text})
	}
	return nil, named(name, err)
}

var isTar = regexp.MustCompile(`\.(tar|tar\.gz|tgz|tar\.xz|txz)$`)

func uncompressed(name string, in io.Reader) (io.Reader, error) {
	switch {
	case strings.HasSuffix(name, ".xz"):
		return xz.NewReader(in)
	case strings.HasSuffix(name, ".gz"):
		return gzip.NewReader(in)
	}
	return in, nil
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func eachInFolder(folder string, wanted func(string) bool, progress Progress, read func(File) error) (aside []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	progress.Begin("reading "+filepath.Base(absolute), totalSize(entries, wanted))
	for _, entry := range entries {
		if !wanted(entry.Name()) {
			aside = append(aside, entry.Name())
			continue
		}
		if err := readFile(filepath.Join(absolute, entry.Name()), progress, read); err != nil {
			return nil, err
		}
	}
	return aside, nil
}

func totalSize(entries []fs.DirEntry, wanted func(string) bool) (total int64) {
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && wanted(entry.Name()) {
			total += info.Size()
		}
	}
	return total
}

func readFile(name string, progress Progress, read func(File) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	folder, base := filepath.Split(name)
	return read(File{Name: base, Path: base, Folder: filepath.Base(folder), Reader: counted{file, progress}})
}

func decompressed(name string, in io.Reader) (io.Reader, error) {
	switch {
	case strings.HasSuffix(name, ".tar.xz"), strings.HasSuffix(name, ".txz"):
		return xz.NewReader(in)
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return gzip.NewReader(in)
	case strings.HasSuffix(name, ".tar"):
		return in, nil
	}
	return nil, errors.New("is none of .tar, .tar.gz, .tar.xz: unpack it, and name the folder")
}

// eachInTar reads the files of an archive. No two may have the same key, which is made of their paths.
func eachInTar(archive io.Reader, wanted func(string) bool, key func(string) string, read func(File) error) (aside []string, err error) {
	seen := map[string]bool{}
	for entries := tar.NewReader(archive); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, archive) // to where the compressed stream proves to be whole
			return aside, damaged(err)
		}
		if err != nil {
			return nil, damaged(err)
		}
		name := path.Base(header.Name)
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if !wanted(name) {
			aside = append(aside, name)
			continue
		}
		if err := refuse(header, seen[key(header.Name)]); err != nil {
			return nil, err
		}
		seen[key(header.Name)] = true
		if err := read(File{Name: name, Path: path.Clean(header.Name), Folder: folderOf(header.Name), Reader: entries}); err != nil {
			return nil, err
		}
	}
}

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the archive is damaged or cut short: %w", err)
}

// refuse says why a file of an archive is not read. Nothing is ever written under a name
// out of an archive; one that would leave its folder is refused all the same.
func refuse(header *tar.Header, twice bool) error {
	switch {
	case header.Typeflag != tar.TypeReg:
		return fmt.Errorf("%s is a link or a device, not a file: refused", header.Name)
	case !filepath.IsLocal(header.Name):
		return fmt.Errorf("%s leads out of the archive: refused", header.Name)
	case header.Size > maxFileBytes:
		return fmt.Errorf("%s claims %d bytes: refused", header.Name, header.Size)
	case twice:
		return fmt.Errorf("%s is there twice: refused", header.Name)
	}
	return nil
}

func folderOf(name string) string {
	if folder := path.Base(path.Dir(name)); folder != "." && folder != "/" {
		return folder
	}
	return ""
}

// counted tells progress what is read.
type counted struct {
	io.Reader
	progress Progress
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.progress.Add(int64(n))
	return n, err
}
