package web_test

import "testing"

// Categories are put in order by dragging, by keys and by buttons.
func TestScriptedOrder(t *testing.T) {
	t.Parallel()
	s, ada, _, _ := community(t)
	for _, name := range []string{"Rides", "Market"} {
		s.category(ada, name)
	}
	b := open(t, s, "ada")
	order := `[...document.querySelectorAll(".ordered > li")].map(row => row.dataset.name).join(" ")`
	b.visit("/admin/categories")
	b.want("the order", order, "News Rides Market")
	const at = `const middle = row => { const box = document.querySelector(row).getBoundingClientRect(); return [box.x + 8, box.y + box.height / 2] };
		const grip = document.querySelector("#c-3 .grip");
		const tell = (type, [clientX, clientY]) => grip.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX, clientY, bubbles: true }));
		grip.setPointerCapture = () => {}; grip.hasPointerCapture = () => true;`
	b.run(`window.before = true`)
	b.run(at + `tell("pointerdown", middle("#c-3")); const [x, y] = middle("#c-1"); tell("pointermove", [x, y - 2]); tell("pointerup", [x, y - 2]);`)
	b.until("the page after dragging", `!window.before && location.hash === "#c-3" && document.querySelector(".grip") && `+order+` === "Market News Rides"`)

	b.run(`document.querySelector("#c-3 .grip").focus()`)
	b.key("ArrowDown")
	b.want("the order before it is kept", order, "News Market Rides")
	b.until("what is spoken", `document.querySelector(".order-help").textContent.includes("Market: place 2 of 3.")`)
	b.key("Escape")
	b.want("the order after Escape", order, "Market News Rides")
	b.key("ArrowDown")
	b.key("ArrowDown")
	b.key("ArrowDown")
	b.run(`window.before = true`) // the order stands there already: what is waited for is the next page
	b.key("Enter")
	b.until("the page after the keys", `!window.before && document.querySelector(".grip") && `+order+` === "News Rides Market"`)
	b.visit("/categories")
	b.want("the order for everybody", `[...document.querySelectorAll(".categories h2")].map(h => h.textContent.trim()).join(" ")`, "News Rides Market")
	b.visit("/admin/categories")
	b.press("#c-1 button[value='2 1 3']")
	b.until("the page after a button", order+` === "Rides News Market"`)
	b.wantNothingStopped()
}
