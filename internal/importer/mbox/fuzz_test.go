package mbox

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ulikunitz/xz"

	"folkmoot/internal/forum"
	"folkmoot/internal/importer"
	"folkmoot/internal/markup"
)

// tortured adds the files of the torture archive to a fuzz test.
func tortured(f *testing.F, add func([]byte)) {
	f.Helper()
	file, err := os.Open(shared(f, "torture.tar.xz"))
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	in, err := xz.NewReader(file)
	if err != nil {
		f.Fatal(err)
	}
	for entries := tar.NewReader(in); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			f.Fatal(err)
		}
		if content, err := io.ReadAll(entries); err == nil && header.Typeflag == tar.TypeReg {
			add(content)
		}
	}
}

// Whatever a mail is, it is refused by a word or becomes what a post may be.
func FuzzParse(f *testing.F) {
	tortured(f, func(content []byte) { f.Add(content) })
	m := markup.New()
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parse(m, raw, now)
		var bad *badMail
		switch {
		case errors.As(err, &bad) && bad.reason != "" && got == nil:
			if strings.Contains(bad.reason, "gave up") {
				t.Errorf("a panic: %s", bad.detail)
			}
			return
		case err != nil:
			t.Fatal(err)
		}
		if wrong := forum.LimitBody.Check(got.body); wrong != nil {
			t.Errorf("its body %s", wrong.Message)
		}
		for _, text := range []string{got.id, got.subject, got.from.name, got.from.address, got.list, got.about, strings.Join(got.references, "")} {
			if clean, dropped := importer.CleanLine(text); dropped || clean != text {
				t.Errorf("%q cannot be stored", text)
			}
		}
		if got.id == "" || len(got.id) > maxIDBytes || len(got.references) > 2*maxReferences || got.at.After(now) {
			t.Errorf("id %q, %d references, at %s", got.id, len(got.references), got.at)
		}
		for _, a := range got.attachments {
			if wrong := forum.LimitFileName.Check(a.name); wrong != nil || !mediaTypeForm.MatchString(a.kind) || strings.ContainsAny(a.name, `/\`) {
				t.Errorf("an attachment is %q of type %q", a.name, a.kind)
			}
		}
	})
}

// Whatever a text is, readers get its letters, and markup that was not meant is none.
func FuzzMarkdown(f *testing.F) {
	for _, text := range []string{
		"> a\n>> b\n\nc", "*a* _b_ `c` [d](http://e) ~f~ \\* &amp; <b>", "    code\n\n    code\n", "- a\n- b\n  c\n1. d\n", "diff --git a b\n@@ -1 +1 @@\n-a\n+b\n",
		"On Monday, 1 May, Ann wrote:\n> 1\n> 2\n> 3\n> 4\n> 5\n", "a | b\n--|--\nc | d", "http://a_b_c ]http://d_e_f_ <http://g_h_i\n_j_>", "a\n===\nb\n---\n#c\n+ d", "00000000 http://&amp;", "http://a/?b&amp;.", "[ http://~0~", "http://~!~", "[ www.a.*b*c", "a_http://b*c* www.d.e*f* http://g`h`_i_",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	m := markup.New()
	f.Fuzz(func(t *testing.T, text string, flowed bool) {
		clean, dropped := importer.Clean(text)
		if dropped || len(clean) > 4000 || !utf8.ValidString(text) {
			return
		}
		checkText(t, m, rules.ReplaceAllString(clean, ""), flowed)
	})
}

// However a file is cut into mails, none of its bytes is lost but separators and escapes.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("From a@x Thu Jan  1 00:00:00 1970\nFrom: a\n\n>From b\n\nFrom a@x Thu Jan  1 00:00:00 1970\nFrom: c\n"))
	f.Add([]byte("\n\n\xef\xbb\xbfFrom: a\n\nx"))
	f.Add([]byte("From \nFrom  00:00:00 0000\n000 000")) // a separator that is none, behind which the reader must be filled
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, one := range splitAll(t, bytes.NewReader(file)) {
			at := int(one.Offset)
			if at > len(file) || 1+bytes.Count(file[:at], []byte("\n")) != one.Line {
				t.Fatalf("a mail in line %d at byte %d", one.Line, at)
			}
			first, _, _ := strings.Cut(one.Text, "\n")
			if !strings.HasPrefix(strings.TrimLeft(string(file[at:]), ">"), strings.TrimLeft(first, ">")) {
				t.Errorf("at byte %d the file has no %q", at, first)
			}
		}
	})
}
