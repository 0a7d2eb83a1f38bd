package mbox

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jhillyerd/enmime/v2"
)

type noErrors struct{}

func (noErrors) AddError(string, string, ...any)   {}
func (noErrors) AddWarning(string, string, ...any) {}

func headerOf(t *testing.T, fields string) header {
	t.Helper()
	read, err := enmime.ReadHeader(bufio.NewReader(strings.NewReader(fields+"\n\n")), noErrors{})
	if err != nil {
		t.Fatal(err)
	}
	return header(read)
}

func TestSender(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fields string
		want   sender
	}{
		{"From: Ann <Ann@X.org>", sender{"ann@x.org", "Ann"}},
		{"From: ann@x.org", sender{"ann@x.org", ""}},
		{`From: "Doe, Ann" <ann@x.org>`, sender{"ann@x.org", "Doe, Ann"}},
		{"From: =?utf-8?q?Marcus_M=C3=BCller?= <m@x.org>", sender{"m@x.org", "Marcus Müller"}},
		{"From: =?gb2312?B?zfW05w==?= <w@x.org>", sender{"w@x.org", "王寸"}},
		{"From: M\xfcller <m@x.org>", sender{"m@x.org", "Müller"}},
		{"From: ann@x.org (Ann)", sender{"ann@x.org", "Ann"}},
		{"From: ann at x.org (Ann)", sender{"ann@x.org", "Ann"}},
		{`From: "ann@x.org" <ann@x.org>`, sender{"ann@x.org", "ann"}},
		{"From: Ann A. Doe [home] ann@x.org, or so", sender{"ann@x.org", "Ann A. Doe [home]"}},
		{"From: Ann", sender{"", "Ann"}},
		{"Sender: ann@x.org", sender{"ann@x.org", ""}},
		{"Subject: x", sender{}},
		{"From: Ann via Users <users@l.org>\nReply-To: Ann <ann@x.org>", sender{"ann@x.org", "Ann"}},
		{"From: Ann via Users <users@l.org>\nReply-To: ann@x.org", sender{"ann@x.org", "Ann"}},
		{"From: 'Ann' via Users <users@l.org>\nX-Original-From: Ann <ann@x.org>\nReply-To: users@l.org", sender{"ann@x.org", "Ann"}},
		{"From: Ann via Users <users@l.org>\nReply-To: users@l.org\nCc: Bob <b@y.org>, Ann <ann@x.org>", sender{"ann@x.org", "Ann"}},
		{"From: =?utf-8?q?M=C3=BCller_via_Users?= <users@l.org>\nReply-To: =?utf-8?q?M=C3=BCller?= <m@x.org>, users@l.org", sender{"m@x.org", "Müller"}},
		{"From: Ann via Users <users@l.org>\nReply-To: users@l.org", sender{"", "Ann"}},
	}
	for _, tt := range tests {
		if got := headerOf(t, tt.fields).sender(); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.fields, got, tt.want)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxIDBytes+1)
	tests := []struct {
		field string
		want  []string
	}{
		{"", nil},
		{"<a@x>", []string{"a@x"}},
		{"<a@x> <b@x>\t<c@x>", []string{"a@x", "b@x", "c@x"}},
		{"Ann's mail of Monday <a@x>", []string{"a@x"}},
		{"<a@x><b@x>", []string{"a@x", "b@x"}},
		{"a@x", nil},
		{"<a b>", nil},
		{"<" + long + "> <b>", []string{"b"}},
		{"<\x07>", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, messageIDs(tt.field)); diff != "" {
			t.Errorf("%.40q (-want +got):\n%s", tt.field, diff)
		}
	}
	for field, want := range map[string]string{
		"Message-ID: <a@x>": "a@x", "Message-ID: a@x": "a@x", "Message-ID: <a@x": "a@x", "Message-ID: two words": "", "Message-ID: <>": "", "Subject: x": "",
	} {
		if got := headerOf(t, field).messageID(); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	noon := time.Date(2019, 4, 29, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		fields, source string
		want           time.Time
	}{
		{"Date: Mon, 29 Apr 2019 12:00:00 +0000", "Date", noon},
		{"Date: Mon, 29 Apr 2019 14:00:00 +0200 (CEST)", "Date", noon},
		{"Date: 29 Apr 19 12:00 GMT", "Date", noon},
		{"Date: Mon, 29 Apr 2019 12:00:00", "Date", noon},
		{"Date: Mon Apr 29 12:00:00 2019", "Date", noon},
		{"Date: 2019-04-29T12:00:00Z", "Date", noon},
		{"Date: Mon,  29\n Apr 2019 12:00:00 +0000", "Date", noon},
		{"Date: soon\nReceived: from a by b;\n Mon, 29 Apr 2019 12:00:00 +0000\nReceived: by a; Mon, 29 Apr 2019 11:00:00 +0000", "Received", noon},
		{"Received: by a; never\nReceived: by b; Mon, 29 Apr 2019 12:00:00 +0000", "Received", noon},
		{"Date: Thu, 1 Jan 1970 00:00:00 +0000", "", time.Time{}},
		{"Date: Thu, 1 Jan 2071 00:00:00 +0000", "", time.Time{}},
		{"Date: Mon, 31 Feb 2019 00:00:00 +0000", "", time.Time{}},
		{"Subject: x", "", time.Time{}},
	}
	for _, tt := range tests {
		if got, source := headerOf(t, tt.fields).time(now); !got.Equal(tt.want) || source != tt.source {
			t.Errorf("%s: %s of %q, want %s of %q", tt.fields, got, source, tt.want, tt.source)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for field, want := range map[string][2]string{
		"People who ride <Riders.lists.x.org>": {"riders.lists.x.org", "People who ride"},
		`"People who ride" <riders.x.org>`:     {"riders.x.org", "People who ride"},
		"<riders.x.org>":                       {"riders.x.org", ""},
		"riders.x.org":                         {"riders.x.org", ""},
		"not a name":                           {"", ""},
		"<../etc/passwd>":                      {"", ""},
	} {
		if id, about := headerOf(t, "List-Id: "+field).list(); id != want[0] || about != want[1] {
			t.Errorf("%s: %q, %q, want %q", field, id, about, want)
		}
	}
	for list, want := range map[string]string{"riders.lists.x.org": "riders", "riders@x.org": "riders", "riders": "riders", "riders.2019": "riders.2019"} {
		if got := label(list); got != want {
			t.Errorf("label of %s is %q, want %q", list, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	im := &Import{List: "riders.lists.x.org"}
	tests := []struct {
		subject, title string
		tags           []string
	}{
		{"Wheels", "Wheels", nil},
		{"[Riders] Wheels", "Wheels", nil},
		{"Re: [riders] RE[2]: Wheels", "Wheels", nil},
		{"AW: Antw: Wheels", "Wheels", nil},
		{"Fwd: Wheels", "Fwd: Wheels", nil},
		{"[Riders] [Brakes] [Rims] Wheels", "Wheels", []string{"Brakes", "Rims"}},
		{"[PATCH v2 3/5] wheels: turn", "[PATCH v2 3/5] wheels: turn", nil},
		{"[Brakes]", "[Brakes]", nil},
		{"Wheels [Riders]", "Wheels [Riders]", nil},
		{"Regarding: wheels", "Regarding: wheels", nil},
	}
	for _, tt := range tests {
		title, tags := im.title(&entry{subject: tt.subject})
		if diff := cmp.Diff(tt.tags, tags); title != tt.title || diff != "" {
			t.Errorf("%s: %q, want %q; tags (-want +got):\n%s", tt.subject, title, tt.title, diff)
		}
	}
}
