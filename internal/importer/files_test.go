package importer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
)

type noProgress struct{ n, total int64 }

func (p *noProgress) Begin(_ string, total int64) { p.total = total }
func (p *noProgress) Add(n int64)                 { p.n += n }
func (*noProgress) End()                          {}

func isXML(name string) bool { return strings.HasSuffix(name, ".xml") }

// readAll returns what EachFile makes of a dump: a line for each file.
func readAll(dump string) (files string, aside []string, progress noProgress, err error) {
	aside, err = EachFile(dump, isXML, &progress, func(file File) error {
		text, err := io.ReadAll(file)
		files += file.Folder + "/" + file.Name + ": " + string(text) + "\n"
		return err
	})
	return files, aside, progress, err
}

func writeTar(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, header := range entries {
		text := []byte("text of " + header.Name)
		if header.Typeflag == tar.TypeReg && header.Size == 0 {
			header.Size = int64(len(text))
		}
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if header.Size == int64(len(text)) {
			if _, err := w.Write(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = w.Flush()
	return append(out.Bytes(), make([]byte, 1024)...)
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func regular(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }

func TestEachFileOfEveryForm(t *testing.T) {
	t.Parallel()
	archive := writeTar(t, tar.Header{Typeflag: tar.TypeDir, Name: "site/"}, regular("site/B.xml"), regular("site/LICENSE"), regular("site/A.xml"))
	const want = "site/B.xml: text of site/B.xml\nsite/A.xml: text of site/A.xml\n"

	var gzipped, xzipped bytes.Buffer
	compress(t, gzip.NewWriter(&gzipped), archive)
	w, err := xz.NewWriter(&xzipped)
	if err != nil {
		t.Fatal(err)
	}
	compress(t, w, archive)
	for name, content := range map[string][]byte{"d.tar": archive, "d.tar.gz": gzipped.Bytes(), "d.tgz": gzipped.Bytes(), "d.tar.xz": xzipped.Bytes()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, aside, progress, err := readAll(writeFile(t, name, content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"LICENSE"}, aside); diff != "" {
				t.Errorf("passed over (-want +got):\n%s", diff)
			}
			if progress.n != int64(len(content)) || progress.n != progress.total {
				t.Errorf("progress saw %d of %d bytes, want %d", progress.n, progress.total, len(content))
			}
		})
	}
	for name, content := range map[string][]byte{"cut.tar": archive[:len(archive)-1024-500], "cut.tar.gz": gzipped.Bytes(), "cut.tar.xz": xzipped.Bytes()} {
		if _, _, _, err := readAll(writeFile(t, name, content[:len(content)-5])); err == nil {
			t.Errorf("%s: no error, though its end is cut off", name)
		}
	}
}

func compress(t *testing.T, w io.WriteCloser, content []byte) {
	t.Helper()
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEachFileOfAFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "site")
	if err := os.MkdirAll(filepath.Join(folder, "deeper"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"B.xml", "A.xml", "notes.txt", "deeper/C.xml"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, aside, _, err := readAll(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("site/A.xml: A.xml\nsite/B.xml: B.xml\n", files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"deeper", "notes.txt"}, aside); diff != "" {
		t.Errorf("passed over (-want +got):\n%s", diff)
	}
}

func TestEachFileRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		entry []tar.Header
		want  string
	}{
		{"a way out", []tar.Header{regular("../../etc/A.xml")}, "leads out"},
		{"an absolute name", []tar.Header{regular("/etc/A.xml")}, "leads out"},
		{"a symbolic link", []tar.Header{{Typeflag: tar.TypeSymlink, Name: "A.xml", Linkname: "/etc/passwd"}}, "not a file"},
		{"a hard link", []tar.Header{{Typeflag: tar.TypeLink, Name: "A.xml", Linkname: "B.xml"}}, "not a file"},
		{"a device", []tar.Header{{Typeflag: tar.TypeChar, Name: "A.xml"}}, "not a file"},
		{"a file twice", []tar.Header{regular("A.xml"), regular("other/A.xml")}, "twice"},
		{"a huge file", []tar.Header{{Typeflag: tar.TypeReg, Name: "A.xml", Size: 1<<40 + 1, Format: tar.FormatPAX}}, "claims"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := readAll(writeFile(t, "d.tar", writeTar(t, tt.entry...)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("EachFile = %v, want an error that says %q", err, tt.want)
			}
		})
	}
	for _, name := range []string{"dump.7z", "dump.zip"} {
		if _, _, _, err := readAll(writeFile(t, name, []byte("7z"))); err == nil || !strings.Contains(err.Error(), "unpack it") {
			t.Errorf("%s: %v, want advice", name, err)
		}
	}
	if _, _, _, err := readAll(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("no error for a dump that is not there")
	}
}
