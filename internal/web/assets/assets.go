// Package assets holds what pages load beside their HTML. Each file has an address that
// names its content, so that browsers keep it for good.
package assets

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

//go:embed *.css *.svg *.js vendor/*.js
var files embed.FS

// Prefix is where all assets live.
const Prefix = "/assets/"

// The addresses of the assets.
var (
	Style    = publish("style.css")
	Icon     = publish("icon.svg")
	Early    = publish("early.js")
	App      = publish("app.js")
	Composer = publish("composer.js")
	Order    = publish("order.js")
	Toolbar  = publish("vendor/markdown-toolbar-element.js")
)

// asset is one file ready to be sent.
type asset struct {
	kind          string
	integrity     string
	plain, zipped []byte
}

var published map[string]asset // by address

func publish(name string) string {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // the file is part of the program
	}
	sum := sha256.Sum256(content)
	extension := path.Ext(name)
	address := Prefix + strings.TrimSuffix(path.Base(name), extension) + "-" + hex.EncodeToString(sum[:5]) + extension
	if published == nil {
		published = map[string]asset{}
	}
	published[address] = asset{mime.TypeByExtension(extension), "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), content, compress(content)}
	return address
}

// Integrity returns the hash by which a browser knows the asset at an address, as the attribute of
// that name has it.
func Integrity(address string) string { return published[address].integrity }

// Scripts returns the hashes of all scripts, as a content security policy names what may run:
// these texts, wherever they come from, and no others.
func Scripts() string {
	var hashes []string
	for address, asset := range published {
		if path.Ext(address) == ".js" {
			hashes = append(hashes, "'"+asset.integrity+"'")
		}
	}
	slices.Sort(hashes)
	return strings.Join(hashes, " ")
}

func compress(content []byte) []byte {
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	_, _ = w.Write(content) // into memory
	_ = w.Close()
	return zipped.Bytes()
}

// Sizes returns how many bytes browsers load, compressed, by the end of the files' names.
func Sizes() map[string]int {
	sizes := map[string]int{}
	for address, asset := range published {
		sizes[path.Ext(address)] += len(asset.zipped)
	}
	return sizes
}

// Serve answers with an asset, and reports whether there is one at that address.
func Serve(w http.ResponseWriter, r *http.Request) bool {
	found, ok := published[r.URL.Path]
	if !ok {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", found.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	content := found.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		content = found.zipped
	}
	_, _ = w.Write(content) // a reader who left needs no answer
	return true
}
