package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// checkPage holds a page against what every page promises, whatever it shows.
func checkPage(tb testing.TB, p *page) {
	tb.Helper()
	if !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
		return
	}
	for _, wrong := range slices.Concat(malformed(p.source), forbidden(p.root), unlabelled(p.root), misstructured(p.root)) {
		tb.Errorf("%s (status %d): %s", p.path, p.status, wrong)
	}
	policy := p.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		tb.Errorf("%s: policy is %q", p.path, policy)
	}
	for node := range p.root.Descendants() {
		if integrity := attribute(node, "integrity"); node.Data == "script" && attribute(node, "type") != "application/ld+json" && (integrity == "" || !strings.Contains(policy, "'"+integrity+"'")) {
			tb.Errorf("%s: the policy %q stops the script %s", p.path, policy, attribute(node, "src"))
		}
	}
	if p.header.Get("Vary") != "Cookie, Accept-Encoding" {
		tb.Errorf("%s: Vary is %q", p.path, p.header.Get("Vary"))
	}
}

var void = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true, "img": true}

// malformed finds elements that are not closed in the order they were opened.
func malformed(source string) []string {
	var open, wrong []string
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := tokens.Next()
		token := tokens.Token()
		switch kind {
		case html.ErrorToken:
			if err := tokens.Err(); err != io.EOF {
				wrong = append(wrong, err.Error())
			}
			return append(wrong, open...)
		case html.StartTagToken:
			if !void[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				return append(wrong, fmt.Sprintf("</%s> closes %v", token.Data, open))
			}
			open = open[:len(open)-1]
		}
	}
}

// forbidden finds what could run or style inline, or load from elsewhere.
func forbidden(root *html.Node) []string {
	var wrong []string
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		if node.Data == "script" && attribute(node, "type") == "application/ld+json" {
			if !json.Valid([]byte(textOf(node))) {
				wrong = append(wrong, "a data block that is no JSON: "+textOf(node))
			}
			continue // browsers do not run it
		}
		if node.Data == "link" && (attribute(node, "rel") == "canonical" || attribute(node, "rel") == "alternate") {
			continue // browsers do not load it
		}
		if node.Data == "style" || node.Data == "script" && attribute(node, "src") == "" || slices.Contains([]string{"iframe", "object", "embed", "base"}, node.Data) {
			wrong = append(wrong, "inline <"+node.Data+">")
		}
		for _, a := range node.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				wrong = append(wrong, fmt.Sprintf("<%s %s=%q>", node.Data, a.Key, a.Val))
			case (a.Key == "href" || a.Key == "action" || a.Key == "formaction") && strings.HasPrefix(strings.ToLower(a.Val), "javascript:"):
				wrong = append(wrong, "address "+a.Val)
			case strings.Contains(a.Val, "TemplFailedSanitizationURL"):
				wrong = append(wrong, "an address that templ refused: "+a.Key)
			case a.Key == "src" && node.Data != "img", a.Key == "href" && node.Data == "link":
				if !strings.HasPrefix(a.Val, "/assets/") {
					wrong = append(wrong, "loads "+a.Val)
				}
			}
		}
	}
	return wrong
}

// unlabelled finds fields and buttons that have no name to be spoken, and references to ids that are not there.
func unlabelled(root *html.Node) []string {
	var wrong []string
	ids, labelled := map[string]int{}, map[string]bool{}
	for node := range root.Descendants() {
		if id := attribute(node, "id"); id != "" {
			ids[id]++
		}
		if node.Data == "label" {
			labelled[attribute(node, "for")] = true
		}
	}
	for id, n := range ids {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("the id %s occurs %d times", id, n))
		}
	}
	for node := range root.Descendants() {
		switch node.Data {
		case "input", "textarea", "select":
			named := attribute(node, "type") == "hidden" || attribute(node, "aria-label") != "" || labelled[attribute(node, "id")] || within(node, "label")
			if !named && !within(node, "article") {
				wrong = append(wrong, "a field has no label: "+attribute(node, "name"))
			}
		case "button", "a":
			if strings.TrimSpace(textOf(node)) == "" && attribute(node, "aria-label") == "" {
				wrong = append(wrong, "a "+node.Data+" says nothing: "+attribute(node, "href"))
			}
		}
		for id := range strings.FieldsSeq(attribute(node, "aria-describedby")) {
			if ids[id] == 0 {
				wrong = append(wrong, "nothing has the id "+id)
			}
		}
		if attribute(node, "aria-invalid") == "true" && attribute(node, "aria-describedby") == "" {
			wrong = append(wrong, "nobody says what is wrong with "+attribute(node, "name"))
		}
	}
	return wrong
}

// misstructured finds pages without exactly one headline and main part, and without a way to skip to it.
func misstructured(root *html.Node) []string {
	var wrong []string
	count := map[string]int{}
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && !within(node, "article") {
			count[node.Data]++
		}
	}
	for _, element := range []string{"h1", "main", "footer", "title"} {
		if count[element] != 1 {
			wrong = append(wrong, fmt.Sprintf("%d <%s>, want 1", count[element], element))
		}
	}
	return wrong
}

func within(node *html.Node, element string) bool {
	for ancestor := range node.Ancestors() {
		if ancestor.Data == element {
			return true
		}
	}
	return false
}
