package ui

import (
	"errors"
	"net/url"

	"github.com/a-h/templ"

	"folkmoot/internal/forum"
)

// Form is what a form shows: what was typed, what was wrong with it, and its key.
type Form struct {
	Key     string // idempotency key, made for each rendering; "" where nobody is signed in
	Values  url.Values
	Problem string // what was wrong as a whole, "" where nothing was
	Fields  []forum.FieldError
}

// Wrong returns f with what err says of the input.
func (f Form) Wrong(err error) Form {
	var known *forum.Error
	if errors.As(err, &known) {
		f.Problem, f.Fields = known.Message, known.Fields
	}
	return f
}

// Value returns what was typed into a field.
func (f Form) Value(field string) string { return f.Values.Get(field) }

// wrong returns what is wrong with a field, "" where nothing is.
func (f Form) wrong(field string) string {
	for _, wrong := range f.Fields {
		if wrong.Field == field {
			return wrong.Message
		}
	}
	return ""
}

// elsewhere returns what is wrong with what is no field of the form, so that it is not kept silent.
func (f Form) elsewhere(shown ...string) []forum.FieldError {
	var rest []forum.FieldError
next:
	for _, wrong := range f.Fields {
		for _, field := range shown {
			if wrong.Field == field {
				continue next
			}
		}
		rest = append(rest, wrong)
	}
	return rest
}

// Field is one input of a form.
type Field struct {
	Name     string
	Label    string
	Hint     string
	Type     string // of the input element; "" is text
	Fill     string // the autocomplete attribute
	Rows     int    // of a text area
	Required bool
}

func (f Field) id() string { return "f-" + f.Name }

// describedBy names the elements that explain the field, the error first.
func (f Field) describedBy(form Form) string {
	ids := ""
	if form.wrong(f.Name) != "" {
		ids = f.id() + "-wrong"
	}
	if f.Hint != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.id() + "-hint"
	}
	return ids
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// explained are the attributes that tie the field to its hint and error.
func (f Field) explained(form Form) templ.Attributes {
	attributes := templ.Attributes{}
	if ids := f.describedBy(form); ids != "" {
		attributes["aria-describedby"] = ids
	}
	if form.wrong(f.Name) != "" {
		attributes["aria-invalid"] = "true"
	}
	return attributes
}

// Option is one of a choice.
type Option struct{ Value, Label string }
