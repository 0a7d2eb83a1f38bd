package web_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// walk is one journey through a forum of its own, in a browser that runs scripts or does not.
type walk struct {
	*site
	scripts bool
}

// person is somebody at a screen. They find what they press and fill in by what it is called, as
// Chromium tells it to a screen reader, and see whether it worked by what the page shows.
type person struct {
	*walk
	tab  context.Context
	part string // of the page that they look at, by its anchor; "": the whole
}

// patience is how long a person waits for anything: long, for a machine that does much else. They
// look every interval.
const patience, interval = 30 * time.Second, 30 * time.Millisecond

// window is one of Chromium that people sit down at one after the other: to open one for each would
// take longer than what they do there.
type window struct {
	tab   context.Context
	mu    sync.Mutex
	wrong []string // what failed in its pages, or was stopped by their policy
}

// free are the windows that nobody sits at.
var free struct {
	sync.Mutex
	windows []*window
}

// listen notes what goes wrong in the window.
func (v *window) listen(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		v.wrong = append(v.wrong, event.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError && event.Entry.Source != log.EntrySourceNetwork { // the answer 422 is an error there
			v.wrong = append(v.wrong, event.Entry.Text)
		}
	}
}

// sit finds a free window, or opens one. It is left when the test ends, which fails where
// something went wrong there.
func (w *walk) sit() context.Context {
	w.Helper()
	chromium := launch(w)
	free.Lock()
	defer free.Unlock()
	v := new(window)
	if last := len(free.windows) - 1; last >= 0 {
		v, free.windows = free.windows[last], free.windows[:last]
	} else {
		v.tab, _ = chromedp.NewContext(chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(v.listen)) // closed with Chromium
		do(w, v.tab, call(accessibility.Enable, cdp.Empty{}))                                                       // kept, not made anew for each look
	}
	w.Cleanup(func() {
		do(w, v.tab, chromedp.Navigate("about:blank"), call(network.ClearBrowserCookies, cdp.Empty{}))
		v.mu.Lock()
		defer v.mu.Unlock()
		for _, what := range v.wrong {
			w.Error(what)
		}
		v.wrong = nil
		free.Lock()
		defer free.Unlock()
		free.windows = append(free.windows, v)
	})
	return v.tab
}

// as sits somebody down who is signed in, or a visitor where there is no name.
func (w *walk) as(name string) *person {
	w.Helper()
	p := &person{walk: w, tab: w.sit()}
	p.act("sitting down", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !w.scripts}))
	if name != "" {
		takeCookies(w, p.tab, w.signedIn(name))
	}
	return p
}

// act does something, and gives up where it takes longer than a person waits.
func (p *person) act(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.Fatalf("%s: %v\nThe page shows: %s", what, err, p.shown())
	}
}

func (p *person) visit(path string) {
	p.Helper()
	p.act("visiting "+path, chromedp.Navigate(p.url+path))
}

// at is the person looking at a part of the page only: "p-2" is post 2.
func (p *person) at(anchor string) *person { return &person{p.walk, p.tab, anchor} }

// The roles of what can be pressed, and of what can be written into.
var (
	buttons = []string{"button", "link", "radio", "checkbox", "DisclosureTriangle"}
	fields  = []string{"textbox", "searchbox"}
	choices = []string{"combobox"}
)

// press clicks the one button, link or box of that name.
func (p *person) press(name string) {
	p.Helper()
	p.act("pressing "+name, chromedp.Click(name, p.called(name, buttons...)))
}

// write replaces what is in the field of that name.
func (p *person) write(name, text string) {
	p.Helper()
	p.act("writing into "+name, chromedp.Click(name, p.called(name, fields...)),
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(text))
}

// choose takes an option of the field of that name, by the letters it begins with.
func (p *person) choose(name, option string) {
	p.Helper()
	p.act("choosing "+option, chromedp.SendKeys(name, option, p.called(name, choices...)))
}

// doubleClick selects the word in the middle of the first element of a role.
func (p *person) doubleClick(role string) {
	p.Helper()
	p.act("selecting a word", chromedp.DoubleClick(role, p.first(role)))
}

// has checks that the page has elements of a role.
func (p *person) has(role string) {
	p.Helper()
	p.act("looking for a "+role, chromedp.WaitVisible(role, p.first(role)))
}

// keys types, into whatever has the focus.
func (p *person) keys(keys string) {
	p.Helper()
	p.act("typing", chromedp.KeyEvent(keys))
}

// tabTo goes on with the Tab key to what has that name.
func (p *person) tabTo(name string) {
	p.Helper()
	var passed []string
	for range 100 {
		p.keys(kb.Tab)
		focused := p.focused()
		if focused == name {
			return
		}
		passed = append(passed, focused)
	}
	p.Fatalf("the Tab key never comes to %q, only to %q", name, passed)
}

// focused is the name of what has the focus.
func (p *person) focused() string {
	p.Helper()
	var name string
	p.act("asking for the focus", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		focused, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
		if err != nil {
			return err
		}
		tree, err := cdp.Call(ctx, t, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: focused.Result.ObjectID, FetchRelatives: new(bool)})
		if err == nil && len(tree.Nodes) > 0 {
			name = said(tree.Nodes[0].Name)
		}
		return err
	}))
	return name
}

// sees waits until the page shows all of the texts.
func (p *person) sees(texts ...string) {
	p.Helper()
	p.wait(func(shown string) string {
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				return fmt.Sprintf("the page does not show %q", text)
			}
		}
		return ""
	})
}

// seesNo waits until the page shows none of the texts.
func (p *person) seesNo(texts ...string) {
	p.Helper()
	p.wait(func(shown string) string {
		for _, text := range texts {
			if strings.Contains(shown, text) {
				return fmt.Sprintf("the page shows %q", text)
			}
		}
		return ""
	})
}

// wait looks again and again until there is nothing wrong with what the page shows.
func (p *person) wait(wrong func(shown string) string) {
	p.Helper()
	for late := time.After(patience); ; {
		shown, what := p.shown(), "the page never comes"
		if shown != "" {
			what = wrong(shown)
		}
		if what == "" {
			return
		}
		select {
		case <-late:
			p.Fatalf("%s:\n%s", what, shown)
		case <-time.After(interval):
		}
	}
}

// shown is what the page shows, each run of white space a blank. It is "" while there is none.
func (p *person) shown() string {
	const what = `document.readyState === 'complete' && (part => (part ? document.getElementById(part) : document.body)?.innerText)(%q) || ''`
	text, err := chromedp.Run(p.tab, chromedp.Evaluate[string](fmt.Sprintf(what, p.part)))
	if err != nil { // it was just left
		return ""
	}
	return strings.Join(strings.Fields(text), " ")
}

// called finds the one element of that name with one of the roles.
func (p *person) called(name string, roles ...string) chromedp.QueryOption {
	return p.find(name, roles, true)
}

// first finds the first element of a role, whatever its name.
func (p *person) first(role string) chromedp.QueryOption { return p.find("", []string{role}, false) }

// find finds what a screen reader would, once the page has been painted and its scripts have run.
func (p *person) find(name string, roles []string, only bool) chromedp.QueryOption {
	find := chromedp.ByFunc(func(ctx context.Context, t *chromedp.Target, root *chromedp.Node) ([]cdp.NodeID, error) {
		const ready = `document.readyState === 'complete' && performance.getEntriesByType('paint').length > 0`
		if is, err := chromedp.Evaluate[bool](ready)(ctx, t); err != nil || !is {
			return nil, err
		}
		if p.part != "" {
			part, err := cdp.Call(ctx, t, dom.QuerySelector, dom.QuerySelectorParams{NodeID: root.NodeID, Selector: "#" + p.part})
			if err != nil || part.NodeID == 0 {
				return nil, err
			}
			root = &chromedp.Node{Node: &cdp.Node{NodeID: part.NodeID}}
		}
		tree, err := cdp.Call(ctx, t, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{NodeID: root.NodeID, AccessibleName: name})
		if err != nil {
			return nil, err
		}
		var found []cdp.BackendNodeID
		for _, node := range tree.Nodes {
			if !node.Ignored && slices.Contains(roles, said(node.Role)) {
				found = append(found, node.BackendDOMNodeID)
			}
		}
		if len(found) == 0 || only && len(found) > 1 {
			return nil, nil
		}
		pushed, err := cdp.Call(ctx, t, dom.PushNodesByBackendIDsToFrontend, dom.PushNodesByBackendIDsToFrontendParams{BackendNodeIDs: found[:1]})
		return pushed.NodeIDs, err
	})
	return func(s *chromedp.Selector) {
		find(s)
		chromedp.RetryInterval(interval)(s)
	}
}

// said is a text as the tree for screen readers has it.
func said(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	text, err := strconv.Unquote(string(value.Value))
	if err != nil {
		return string(value.Value)
	}
	return text
}
