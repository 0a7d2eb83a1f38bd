package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"folkmoot/internal/forum"
	"folkmoot/internal/web/ui"
)

// keptPage says why something could not be done, and gives back what was typed, ready to be
// sent again. Where signing in is what was missing, it asks for that and carries the text along.
type keptPage struct {
	errorPage
	Form    ui.Form
	Action  string // where the form goes
	Fields  []keptField
	Signed  bool    // false: a sign-in form carries the fields
	Account ui.Form // that form's own fields
	Cut     bool    // not all of it arrived
	Solved  bool    // what kept it from being accepted is over
}

// keptField is a field whose text goes on, seen or not.
type keptField struct {
	ui.Field
	Hidden bool
}

// keptPrefix stands before the names of fields that a sign-in form carries along.
const keptPrefix = "keep."

// keep is the page of an error with what was typed.
func keep(r *http.Request, p errorPage, kind forum.Kind) keptPage {
	in, cut := typed(r)
	kept := keptPage{errorPage: p, Action: sentTo(r), Signed: kind != forum.Unauthenticated, Cut: cut || kind == forum.TooLarge}
	kept.Form.Key = in.Get("key")
	if kept.Form.Key == "" || kind == forum.KeyReused {
		kept.Form.Key = newKey()
	}
	if in.Has("password") {
		return kept // such a form is short, and half of it would be no help
	}
	prefix := ""
	if !kept.Signed {
		prefix = keptPrefix
	}
	kept.carry(in, prefix)
	return kept
}

// welcome is the page after a sign-in that carried fields along; it has none where there were none.
func welcome(in url.Values, action string) keptPage {
	kept := goOn(carried(in), "", action)
	kept.errorPage = errorPage{Heading: "Welcome back", Message: "You are signed in. Here is your text: have a look and send it."}
	return kept
}

// goOn is a page with fields that nothing keeps from being sent, under key or a new one.
func goOn(in url.Values, key, action string) keptPage {
	kept := keptPage{Action: action, Signed: true, Solved: true, Form: ui.Form{Key: cmp.Or(key, newKey())}}
	kept.carry(in, "")
	return kept
}

// carriedAlong is the page for another try at a sign-in that carries fields along.
func carriedAlong(in url.Values, account ui.Form) keptPage {
	kept := keptPage{Action: localPath(in.Get("next")), Account: account,
		errorPage: errorPage{Heading: heading(forum.Unauthenticated), Message: ui.Sentence(account.Problem)}}
	kept.carry(carried(in), keptPrefix)
	return kept
}

// carried are the fields that a sign-in form carries along, under their own names.
func carried(in url.Values) url.Values {
	fields := url.Values{}
	for name, values := range in {
		if name, found := strings.CutPrefix(name, keptPrefix); found {
			fields[name] = values
		}
	}
	return fields
}

// carry takes over fields, under names with the prefix.
func (p *keptPage) carry(in url.Values, prefix string) {
	p.Form.Values = url.Values{}
	for name, values := range in {
		if name == "key" || name == "next" {
			continue
		}
		p.Form.Values[prefix+name] = values
		p.Fields = append(p.Fields, newKeptField(name, prefix))
	}
	slices.SortFunc(p.Fields, func(a, b keptField) int { return strings.Compare(b.Name, a.Name) }) // the title before the body
}

// anything reports whether a person typed anything that is kept.
func (p keptPage) anything() bool {
	return slices.ContainsFunc(p.Fields, func(f keptField) bool { return !f.Hidden && p.Form.Value(f.Name) != "" })
}

// keptLabels are the fields that a person sees again, by the name they knew them under.
var keptLabels = map[string]string{"title": "Title", "tags": "Tags", "body": "Text", "about": "About you",
	"name": "Name", "description": "Description", "reason": "Reason", "note": "For whom",
	"post_length": settingNames["post_length"], "edit_hours": settingNames["edit_hours"], "posts": settingNames["posts"],
	"threads": settingNames["threads"], "sign_ups": settingNames["sign_ups"]}

func newKeptField(name, prefix string) keptField {
	label, shown := keptLabels[name]
	field := ui.Field{Name: prefix + name, Label: label}
	if name == "body" || name == "about" || name == "description" {
		field.Rows = 10
	}
	return keptField{field, !shown}
}

// typed returns what a form held, also where it was refused before anybody read it, unless another
// site sent it: nobody else's words are put into a form for a person to send.
func typed(r *http.Request) (in url.Values, cut bool) {
	if r.PostForm != nil {
		return r.PostForm, false
	}
	if new(http.CrossOriginProtection).Check(r) != nil {
		return nil, false
	}
	in, err := readForm(r)
	return in, err != nil
}

func (p keptPage) button() string {
	if p.Solved {
		return "Send"
	}
	return "Try again"
}
