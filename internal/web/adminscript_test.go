package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"folkmoot/internal/forum"
)

// An administrator's round: settings that are wrong and then right, categories put in order by
// dragging and by keys, somebody suspended and let back.
func TestScriptedAdministration(t *testing.T) {
	t.Parallel()
	s, ada, _, member := community(t)
	for _, name := range []string{"Rides", "Market"} {
		s.category(ada, name)
	}
	b := open(t, s, "ada")
	write := func(field, text string) {
		t.Helper()
		do(t, b.ctx, chromedp.SetValue(chromedp.CSS("main [name="+field+"]"), text))
	}
	shows := func(what, selector, text string) {
		t.Helper()
		b.until(what, `document.querySelector("`+selector+`")?.textContent.includes("`+text+`")`)
	}

	b.visit("/admin/settings")
	write("posts", "many")
	b.click("[name=sign_up][value=invited]")
	b.click("[name=reactions][value=rocket]")
	b.press("[action^='/admin/rules'] button.main")
	shows("what is wrong", "#f-posts-wrong", "must be a number from 5 to 3000")
	b.want("the policy chosen", `document.querySelector("[name=sign_up]:checked").value`, "invited")
	b.want("the reaction chosen", `document.querySelector("[value=rocket]").checked`, "true")
	write("posts", "50")
	b.press("[action^='/admin/rules'] button.main")
	shows("the word", ".notice.good", "Saved.")
	b.visit("/admin")
	shows("the record", "main", "Posts in five minutes 300 → 50")
	rules, err := s.service.Rules(t.Context())
	if err != nil || rules.Posts != 50 || rules.SignUp != forum.SignUpInvited {
		t.Errorf("rules %+v, %v", rules, err)
	}

	order := `[...document.querySelectorAll(".ordered > li")].map(row => row.dataset.name).join(" ")`
	b.visit("/admin/categories")
	b.want("the order", order, "News Rides Market")
	const at = `const middle = row => { const box = document.querySelector(row).getBoundingClientRect(); return [box.x + 8, box.y + box.height / 2] };
		const grip = document.querySelector("#c-3 .grip");
		const tell = (type, [clientX, clientY]) => grip.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX, clientY, bubbles: true }));
		grip.setPointerCapture = () => {}; grip.hasPointerCapture = () => true;`
	b.run(at + `tell("pointerdown", middle("#c-3")); const [x, y] = middle("#c-1"); tell("pointermove", [x, y - 2]); tell("pointerup", [x, y - 2]);`)
	b.until("the page after dragging", `location.hash === "#c-3" && document.querySelector(".grip") && `+order+` === "Market News Rides"`)

	b.run(`document.querySelector("#c-3 .grip").focus()`)
	b.key("ArrowDown")
	b.want("the order before it is kept", order, "News Market Rides")
	shows("what is spoken", ".order-help", "Market: place 2 of 3.")
	b.key("Escape")
	b.want("the order after Escape", order, "Market News Rides")
	b.key("ArrowDown")
	b.key("ArrowDown")
	b.key("ArrowDown")
	b.key("Enter")
	b.until("the page after the keys", `document.querySelector(".grip") && `+order+` === "News Rides Market"`)
	b.visit("/categories")
	b.want("the order for everybody", `[...document.querySelectorAll(".categories h2")].map(h => h.textContent.trim()).join(" ")`, "News Rides Market")
	b.visit("/admin/categories")
	b.press("#c-1 button[value='2 1 3']")
	b.until("the page after a button", order+` === "Rides News Market"`)

	b.visit("/admin/people")
	write("name", "mia")
	b.press(".search:not(.find) button")
	b.click(".panel summary")
	write("reason", "A break of a week.")
	b.press("[action='/u/mia/suspend'] button")
	shows("the person", "main", "A break of a week.")
	member.get("/t/1")
	if form, _ := member.page.form("/t/1/reply", ""); form != nil {
		t.Error("a suspended person is offered to reply")
	}
	b.visit("/admin/people?which=suspended")
	shows("the suspended", "main", "mia")
	b.visit("/u/mia")
	b.click(".panel summary")
	b.press("[action='/u/mia/lift'] button")
	b.click(".panel summary")
	b.run(`document.querySelector("[name=role]").value = "moderator"`)
	b.press("[action='/u/mia/role'] button")
	shows("the new moderator", "h1", "moderator")
	b.wantNothingStopped()
}
