package markup

import "testing"

// The writer already writes what the policy wants, so that a change by the policy means a
// mistake in the writer.
func checkUnchanged(t tester, m *Markup, rendered string) {
	t.Helper()
	if sanitized := m.policy.Sanitize(rendered); sanitized != rendered {
		t.Errorf("the policy changes what was rendered:\n%q\n%q", rendered, sanitized)
	}
}

// written returns body as the writer wrote it, before the policy.
func written(m *Markup, body string) string {
	source := appendClean(nil, body)
	w := htmlWriter{source: source, spans: maxSpans}
	w.blocks(m.parse(source))
	return string(w.out)
}

// The policy alone holds, should the writer ever let something through.
func TestPolicyAlone(t *testing.T) {
	t.Parallel()
	m := New()
	for _, payload := range payloads(t) {
		for _, n := range parseFragment(t, m.policy.Sanitize(payload)) {
			checkAllowed(t, n)
			for d := range n.Descendants() {
				checkAllowed(t, d)
			}
		}
		if t.Failed() {
			t.Fatalf("of payload %q", payload)
		}
	}
	for html, want := range map[string]string{
		`<a href="javascript:x" onclick="y">a</a>`:           `a`,
		`<a href="https://b.example" style="c" id="d">a</a>`: `<a href="https://b.example" rel="nofollow">a</a>`,
		`<img src="mailto:a">`:                               ``,
		`<img src="//a.example/b">`:                          `<img src="//a.example/b">`,
		`<code class="x">a</code>`:                           `<code>a</code>`,
		`<h1>a</h1>`:                                         `a`,
		`<p id="main" class="x">a</p>`:                       `<p>a</p>`,
		`<input type="text" onfocus="a">`:                    ``,
		`<script>a</script><style>b</style><!-- c -->`:       ``,
		`<svg><a xlink:href="javascript:a">b</a></svg>`:      `b`,
	} {
		if got := m.policy.Sanitize(html); got != want {
			t.Errorf("policy made of %s\n%s\nwant %s", html, got, want)
		}
	}
}

func TestOnlyHarmlessTags(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]bool{
		"": true, "a &lt; b": true, "<p>a</p>\n": true, "<blockquote>\n<p>a</p>\n</blockquote>": true,
		"<p>a<br>b <em>c</em></p>": true, "<h3>a</h3>": true,
		"<": false, "<p": false, "<p >": false, "<P>": false, "<p/>": false, "< p>": false, "<h1>": false,
		"<script>": false, "<p>a<script>b</p>": false, "<p><b>a</b></p>": false, "a < b": false,
		`<p class="a">b</p>`: false, "<!--a-->": false, "<p>a</p><p": false, "<p\n>": false,
		`<a href="b">c</a>`: false, "</p>": true, "</a>": true,
		`<a href="https://b.example/c?d=e" rel="nofollow ugc noopener">f</a>`:  true,
		`<a href="https://b.example/c&amp;d" rel="nofollow ugc noopener">`:     false,
		`<a href="https://b.example/c%64" rel="nofollow ugc noopener">`:        false,
		`<a href="https://b.example/#" rel="nofollow ugc noopener">`:           false,
		`<a href="https://b.example:443/" rel="nofollow ugc noopener">`:        false,
		`<a href="https://b.example" onclick="c" rel="nofollow ugc noopener">`: false,
		`<a href="https://b.example" rel="nofollow">`:                          false, `<a href="https://b.example" rel="nofollow ugc noopener" id="c">`: false,
		`<a href="javascript:b" rel="nofollow ugc noopener">`: false, `<a href="https:b" rel="nofollow ugc noopener">`: false,
		`<a href="https://?" rel="nofollow ugc noopener">`: false, `<a href="https://" rel="nofollow ugc noopener"><img src="b">`: false, "<></>": false,
		`<pre tabindex="0"><code>a</code></pre>`: true, `<pre tabindex="1">`: false, `<code class="language-a">`: false,
		`<input type="checkbox" disabled="" checked="">`: true, `<input type="checkbox" disabled="" checked="" x>`: false,
		`<input type="checkbox">`: false, `<td data-align="left">`: true, `<td data-align="left" onclick="a">`: false,
	} {
		if got := onlyHarmlessTags([]byte(html)); got != want {
			t.Errorf("onlyHarmlessTags(%q) = %v, want %v", html, got, want)
		}
	}
}

// What is not asked for is what the policy would not have changed.
func FuzzHarmlessTags(f *testing.F) {
	policy := newPolicy()
	f.Add("b.example/c-d_e~f?g=h", "x")
	f.Add("", "</a>")
	f.Add("/..//?=?", "&amp;<p>")
	f.Add("A.b..c./-", "<td data-align=\"left\">")
	f.Fuzz(func(t *testing.T, address, text string) {
		html := `<p><a href="https://` + address + `" rel="` + linkRel + `">` + string(appendEscaped(nil, []byte(text))) + "</a></p>"
		if !onlyHarmlessTags([]byte(html)) {
			return
		}
		if sanitized := policy.Sanitize(html); sanitized != html {
			t.Errorf("the policy makes of what is let through\n%q\n%q", html, sanitized)
		}
	})
}
