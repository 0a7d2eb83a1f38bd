package demo

import (
	"context"
	"time"

	"folkmoot/internal/forum"
)

// person is somebody of the demo.
type person struct {
	name, about string
	role        forum.Role // "": a member
	suspended   bool
}

// category is a place of the demo, in another one where parent names it.
type category struct {
	name, parent, description string
	permissions               forum.Permissions
}

// thread is a conversation of the demo.
type thread struct {
	category, title string
	tags            []string
	day             int           // on which it begins
	pace            time.Duration // between its posts, about; 0: some hours
	marks           []forum.Mark
	posts           []post
}

// post is what somebody says.
type post struct {
	by, body  string
	to        int64
	edited    string // what it says after an edit
	reactions map[string]int
	then      func(context.Context, *maker, forum.ThreadID, int64) error
}

var people = []person{
	{name: Admin, role: forum.Admin, about: "I keep this place running, and a 1974 tourer with it."},
	{name: "Max", role: forum.Moderator, about: "Moderator. If a post of yours is out of sight, ask me why: I will tell you."},
	{name: "Noor", about: "Commuter, beginner at the spoke key. I collect **small springs**."},
	{name: "Tomás", about: "Mechanic in a co-operative workshop. Wheels on Tuesdays."},
	{name: "李雷", about: "周末骑行。"},
	{name: "Greta", about: "Two children, one cargo bicycle, no car."},
	{name: "Samir"}, {name: "Ewa", about: "Long distances, slowly."}, {name: "Jonas"}, {name: "Priya", about: "I write down torque values so that you need not."},
	{name: "Otto", about: "Retired machinist. Threads of the other kind."}, {name: "Lucía"}, {name: "Hanne"}, {name: "Dmitri"}, {name: "Aoife"},
	{name: "Bea"}, {name: "ليلى", about: "أحب الدراجات القديمة."}, {name: "Kofi"}, {name: "Mette"}, {name: "Ravi"},
	{name: "Yuki"}, {name: "Carlo"}, {name: "Nell"}, {name: "wheel-deals", suspended: true},
}

var categories = []category{
	{name: "Announcements", description: "What changes here. Moderators write, everybody replies.", permissions: forum.Permissions{forum.Member: {See: true, Reply: true}}},
	{name: "Workshop", description: "Repairs, tools, and how not to lose small springs."},
	{name: "Wheels", parent: "Workshop", description: "Truing, lacing, hubs."},
	{name: "Brakes", parent: "Workshop", description: "Rim, disc and drum, and the noises they make."},
	{name: "Drivetrain", parent: "Workshop", description: "Chains, cogs, and everything that turns them."},
	{name: "Rides", description: "Where to go, and with whom."},
	{name: "Far away", parent: "Rides", description: "Journeys of more than a day."},
	{name: "Market", description: "Give, lend, swap. No shops, please."},
	{name: "Tea room", description: "Everything else."},
	{name: "Moderators", description: "Not seen by members.", permissions: forum.Permissions{forum.Visitor: {}, forum.Member: {}}},
}

var threads = []thread{
	{category: "Announcements", title: "Welcome to The Spoke", day: 0, marks: []forum.Mark{forum.MarkPinned}, posts: []post{
		{by: Admin, body: "This is a place for people who mend their own bicycles, and for those who would like to.\n\nThree things to know:\n\n1. **Ask.** Nobody here was born with a spoke key in hand.\n2. **Say how it ended.** The next one with your noise will find your thread.\n3. **Be kind about other people’s bicycles.** They are doing their best, both of them.", reactions: map[string]int{"heart": 8, "celebrate": 5}},
		{by: "Tomás", body: "Glad to be here. The kettle is in the tea room, I hope?", reactions: map[string]int{"laugh": 4}},
		{by: Admin, body: "It is. Bring your own mug.", to: 2},
	}},
	{category: "Announcements", title: "How to ask so that others can help", day: 2, marks: []forum.Mark{forum.MarkPinned, forum.MarkLocked}, posts: []post{
		{by: "Max", body: "Say **what you have**, **what you tried**, and **what happened**. A picture of the part is worth more than its name, and the numbers stamped on it are worth more than either.\n\n> “It makes a noise” has no answer. “It clicks once for each turn of the pedals, only under load, since I changed the chain” nearly answers itself.", reactions: map[string]int{"up": 9}},
	}},
	{category: "Announcements", title: "Workshop evening moves to Thursday", day: 150, posts: []post{
		{by: Admin, body: "From next month on the open workshop is on **Thursdays, 18 to 21 o’clock**. Same place, same biscuits.", reactions: map[string]int{"up": 6, "down": 1}},
		{by: "Greta", body: "Thursday is choir, of course. Would an earlier hour be thinkable, now and then?"},
		{by: "Tomás", body: "I can open at four on the first Thursday of each month.", to: 2, reactions: map[string]int{"heart": 3}},
		{by: "Greta", body: "That would be wonderful, thank you!", to: 3},
	}},
	{category: "Wheels", title: "Truing a wheel without a stand", tags: []string{"wheels", "tools", "beginner"}, day: 21, posts: []post{
		{by: "Noor", body: "I want to true the rear wheel of my commuter, and I have **no stand**. What I do have:\n\n- a spoke key, the right size\n- two zip ties\n- patience, some\n\nIs this how one begins? The rim is out by about `2 mm` over three spokes:\n\n| spoke | out by | side |\n|---:|---:|:---|\n| 7 | 1.5 mm | drive |\n| 8 | 2.0 mm | drive |\n| 9 | 1.0 mm | drive |", reactions: map[string]int{"up": 3}},
		{by: "Tomás", body: "Zip ties on the seat stays are a fine stand. Cut them so that they just touch the rim, then spin.\n\nTwo rules kept me out of trouble:\n\n1. Work on the *worst* spot only, then look again.\n2. Loosen one side as much as you tighten the other.", reactions: map[string]int{"up": 7, "heart": 2}},
		{by: "Noor", body: "That helped! It is down to a millimetre.", to: 2, edited: "That helped! It is down to half a millimetre, and the brake no longer rubs."},
		{by: "李雷", body: "Check the tension by ear as well: pluck the spokes, those of one side should sing about the same note."},
		{by: "wheel-deals", body: "Why true it when you can buy NEW wheels at half price?? Write me!!!", then: hide},
		{by: "Otto", body: "A drop of oil where each nipple meets the rim, the evening before. It saves the nipple, the key and your temper.", reactions: map[string]int{"up": 5}},
		{by: "Priya", body: "For the record, and the next reader: 90 to 110 kgf on the drive side of a rear wheel is usual. Without a gauge, compare with a wheel you trust."},
		{by: "Noor", body: "Never mind, wrong thread.", then: takeBack("Noor")},
		{by: "Noor", body: "It has held for two weeks and one kerb now. Thank you all.", reactions: map[string]int{"celebrate": 6}},
	}},
	{category: "Wheels", title: "Lacing my first wheel: which spokes did I cross?", tags: []string{"wheels", "beginner"}, day: 74, posts: []post{
		{by: "Jonas", body: "32 holes, three crosses, and the valve sits *between two crossing spokes* instead of between parallel ones. The wheel turns all the same. Do I start again?"},
		{by: "Tomás", body: "The wheel does not mind. Your pump will: there is less room at the valve. If you have not tensioned it yet, start again; if you have, ride it and remember.", reactions: map[string]int{"laugh": 2, "up": 3}},
		{by: "Jonas", body: "I had. I shall remember.", to: 2, reactions: map[string]int{"laugh": 5}},
		{by: "Otto", body: "Everybody laces one like that. Those who say they did not have laced none."},
	}},
	{category: "Wheels", title: "دراجة قديمة وعجلة جديدة", day: 96, posts: []post{
		{by: "ليلى", body: "هل يمكن تركيب عجلة 28 بوصة على إطار كان له 27 بوصة؟"},
		{by: "Samir", body: "نعم غالبًا: الفرق في نصف القطر أربعة ملليمترات، فتحقق من أن الفرامل تصل إلى الحافة.", reactions: map[string]int{"up": 2}},
		{by: "ليلى", body: "وصلت! شكرًا."},
	}},
	{category: "Wheels", title: "Hub that ticks when it is cold", tags: []string{"hubs", "noise"}, day: 209, posts: []post{
		{by: "Mette", body: "Below five degrees the rear hub ticks while coasting, evenly, and then one tick is missing. Above that: silence. Grease?"},
		{by: "Priya", body: "Grease that is too stiff holds one of the pawls down. Thin oil for the pawls, grease for the bearings only."},
		{by: "Dmitri", body: "Same here, every autumn. It goes away in spring, which is not a repair, I know.", reactions: map[string]int{"laugh": 4}},
	}},
	{category: "Brakes", title: "Which pads for a 1987 rim that is not quite straight?", tags: []string{"brakes", "noise"}, day: 33, posts: []post{
		{by: "李雷", body: "They squeal, and in the rain they do not brake. The rim is steel and has a pattern on it."},
		{by: "Otto", body: "Steel and rain do not go together. Leather-faced pads were made for such rims, and are still made.", reactions: map[string]int{"up": 3}},
		{by: "Aoife", body: "Toe them in: a coin under the back edge while you tighten. That is half the squeal gone."},
		{by: "李雷", body: "The coin did it. The rain remains the rain.", to: 3, reactions: map[string]int{"laugh": 3, "up": 1}},
	}},
	{category: "Brakes", title: "Bleeding a disc brake in a kitchen", tags: []string{"brakes", "tools"}, day: 118, posts: []post{
		{by: "Lucía", body: "I have the fluid, the syringe and an hour. I also have a kitchen and somebody who cooks in it. What am I about to ruin?"},
		{by: "Tomás", body: "With mineral oil: nothing that soap does not clean. With DOT fluid: the paint of the table, so do *not*.\n\nPads and disc go into another room before you open anything.", reactions: map[string]int{"up": 6}},
		{by: "Priya", body: "Order of work:\n\n1. wheel out, pads out, spacer in\n2. lever level, reservoir open\n3. push slowly from below until no bubbles come\n4. tap the hose, wait, again\n5. close the bottom first"},
		{by: "Lucía", body: "Done, and dinner was on time.", reactions: map[string]int{"celebrate": 5, "heart": 2}},
		{by: "Carlo", body: "What did you do about the last bubble? I always have one left.", to: 4},
		{by: "Lucía", body: "Left the lever pulled over night with a rubber band. In the morning it was gone.", to: 5, reactions: map[string]int{"up": 4}},
	}},
	{category: "Drivetrain", title: "How do you know that a chain is worn?", tags: []string{"chain", "beginner"}, day: 40, posts: []post{
		{by: "Bea", body: "Without buying a gauge, if that can be."},
		{by: "Otto", body: "A steel rule. Twelve links are twelve inches. Where the pin has gone past the mark by a sixteenth, change the chain; by an eighth, the sprockets too.", reactions: map[string]int{"up": 8}},
		{by: "Ravi", body: "And in centimetres, for those of us who were born later: 10 links are 25.4 cm new, 25.55 cm worn.", reactions: map[string]int{"laugh": 3, "up": 3}},
		{by: "Bea", body: "25.7. Oh dear."},
	}},
	{category: "Drivetrain", title: "A small program for gear tables", tags: []string{"gears"}, day: 131, posts: []post{
		{by: "Yuki", body: "Because I was tired of the one on paper:\n\n```go\nfor _, ring := range rings {\n\tfor _, cog := range cogs {\n\t\tmetres := float64(ring) / float64(cog) * circumference\n\t\tfmt.Printf(\"%6.2f\", metres)\n\t}\n\tfmt.Println()\n}\n```\n\nMetres for each turn of the pedals. What would you want besides?", reactions: map[string]int{"up": 4, "celebrate": 2}},
		{by: "Ewa", body: "The speed at eighty turns a minute. That is how I think of a gear."},
		{by: "Yuki", body: "Good one:\n\n```go\nspeed := metres * 80 * 60 / 1000 // km/h\n```", to: 2},
		{by: "Kofi", body: "For loaded touring I look at the lowest only: under two metres, and I can ride up anything that a road goes up.", reactions: map[string]int{"up": 3}},
	}},
	{category: "Drivetrain", title: "Click under load, once per turn, left pedal", tags: []string{"noise"}, day: 207, posts: []post{
		{by: "Hanne", body: "I have changed the pedals, the bearing and the chain. I have tightened the chainring bolts. It still clicks."},
		{by: "Tomás", body: "Saddle. Stand up and pedal: if it is gone, it is the saddle or its post."},
		{by: "Hanne", body: "…it is the saddle.", to: 2, reactions: map[string]int{"laugh": 9}},
	}},
	{category: "Rides", title: "周末骑行：谁想一起去？", day: 60, posts: []post{
		{by: "李雷", body: "星期六早上八点，桥头见。大约四十公里，中间有一家很好的面馆。"},
		{by: "Yuki", body: "行きます！", reactions: map[string]int{"celebrate": 2}},
		{by: "Noor", body: "I do not read this, but I know what a bridge and eight o’clock look like. I am coming.", reactions: map[string]int{"laugh": 6, "heart": 3}},
	}},
	{category: "Rides", title: "Quiet way from the station to the reservoir?", tags: []string{"routes"}, day: 110, posts: []post{
		{by: "Nell", body: "The main road is short and horrible. There must be something behind the allotments."},
		{by: "Greta", body: "There is: under the railway by the mill, then left of the stream. A cargo bicycle fits, just. In winter it floods at the second gate.", reactions: map[string]int{"up": 5}},
		{by: "Nell", body: "Ridden this morning. Twenty minutes longer, and I saw two people and a fox."},
	}},
	{category: "Rides", title: "Lights on the towpath: how much is too much?", tags: []string{"lights"}, day: 190, posts: []post{
		{by: "Aoife", body: "I was blinded three times yesterday by people with more light than a small car. Tilt them **down**, please."},
		{by: "Ravi", body: "Agreed, and mine was one of them, I think. Sorry. It has a cut-off now, made of tape.", reactions: map[string]int{"heart": 4, "up": 3}},
		{by: "Dmitri", body: "A lamp that is allowed on the road has the cut-off built in. It costs no more."},
		{by: "Carlo", body: "On the other side: people in black, without any. I would rather be blinded.", reactions: map[string]int{"think": 3, "up": 2, "down": 1}},
		{by: "Max", body: "Two good points, one to each side. Let us leave it at that before it becomes the usual thread.", reactions: map[string]int{"up": 7}},
	}},
	{category: "Far away", title: "Eleven days to the sea: what I would leave at home", tags: []string{"touring", "packing"}, day: 88, pace: 9 * time.Hour, posts: []post{
		{by: "Ewa", body: "I am back: 840 km, two punctures, one bear (stuffed, in a museum).\n\n### What I never used\n- the second pot\n- the third pair of anything\n- the book\n\n### What I was glad of\n- a spare gear cable\n- the small brush for the chain\n- **a real map**, twice", reactions: map[string]int{"heart": 7, "up": 5}},
		{by: "Kofi", body: "How heavy was it all?"},
		{by: "Ewa", body: "14 kg without water. I could lose three.", to: 2},
		{by: "Hanne", body: "The book stays in. One needs something to read in a launderette."},
		{by: "Mette", body: "Which stove?"},
		{by: "Ewa", body: "Spirit. It is slow, it is silent, and it cannot break.", to: 5, reactions: map[string]int{"up": 3}},
	}},
	{category: "Far away", title: "Bicycles on night trains this summer", tags: []string{"trains", "touring"}, day: 160, posts: []post{
		{by: "Samir", body: "Which ones take a whole bicycle, and not only a bag with one in it? I will keep the list here.\n\n- [x] north, by the coast\n- [ ] over the pass\n- [ ] the one with the ferry", reactions: map[string]int{"up": 6}},
		{by: "Lucía", body: "Over the pass: yes, six places, book them by telephone. The page says sold out when it means “ask”."},
		{by: "Samir", body: "Thank you, I rang: there were four left. Now there are three.", to: 2, reactions: map[string]int{"laugh": 4}},
	}},
	{category: "Market", title: "To give away: 27-inch tyres, little used", tags: []string{"free"}, day: 52, marks: []forum.Mark{forum.MarkLocked}, posts: []post{
		{by: "Carlo", body: "Two, black, no cracks. They fit nothing I own any more."},
		{by: "ليلى", body: "They would fit mine! I can fetch them on Friday.", reactions: map[string]int{"celebrate": 3}},
		{by: "Carlo", body: "They are yours. Closed, then."},
	}},
	{category: "Market", title: "Looking for a spoke key, 3.45 mm, to borrow", day: 211, posts: []post{
		{by: "Nell", body: "For one evening. I can bring it back with cake."},
		{by: "Noor", body: "Mine is free on Wednesday. What kind of cake?", reactions: map[string]int{"laugh": 5}},
		{by: "Nell", body: "Plum.", to: 2},
		{by: "Noor", body: "Keep it until Thursday.", to: 3, reactions: map[string]int{"laugh": 7, "heart": 2}},
	}},
	{category: "Tea room", title: "What is the oldest part on your bicycle?", day: 66, posts: []post{
		{by: "Otto", body: "A brass bell, 1931, from my mother’s. It is louder than anything one can buy."},
		{by: "Aoife", body: "The saddle, 1978. It has stopped getting softer. So have I.", reactions: map[string]int{"laugh": 8}},
		{by: "Jonas", body: "The rider.", reactions: map[string]int{"laugh": 11}},
		{by: "Yuki", body: "Front mudguard, found by the road in 2003, no idea what it is from. It fits as if made for it."},
	}},
	{category: "Tea room", title: "A very long title that goes on and on, because somebody wanted to put the whole question, its history and three possible answers into the one line that a list has room for", day: 140, posts: []post{
		{by: "Tomás", body: "Sorry. I wanted to know what happens.", reactions: map[string]int{"laugh": 6}},
		{by: "Max", body: "Now you know.", reactions: map[string]int{"laugh": 4}},
	}},
	{category: "Tea room", title: "Songs with a bicycle in them", day: 172, pace: 20 * time.Hour, posts: []post{
		{by: "Bea", body: "I need two hours’ worth for the summer party. One each, please, no repeats."},
		{by: "Ravi", body: "The one with the tandem. Somebody had to."},
		{by: "Hanne", body: "Anything with a bell in it counts, I hope?"},
		{by: "Bea", body: "A bell counts.", to: 3},
		{by: "Kofi", body: "Then the whole of my neighbour’s church counts.", to: 4, reactions: map[string]int{"laugh": 5}},
	}},
	{category: "Workshop", title: "What do you do before the first frost?", tags: []string{"maintenance", "winter"}, day: 213, pace: time.Hour, posts: []post{
		{by: "Noor", body: "My list so far:\n\n- [x] mudguards\n- [x] lights, and a second set of cells\n- [ ] cables\n- [ ] tyres\n\nWhat is missing?", reactions: map[string]int{"up": 4}},
		{by: "Otto", body: "Take the seat post out, grease it, put it back. In spring you will thank yourself.", reactions: map[string]int{"up": 6, "heart": 1}},
		{by: "Hanne", body: "Pull a little oil through the cable housings. They freeze from the water that is in them already."},
		{by: "Ravi", body: "A bag over the saddle. That is all of my winter maintenance.", reactions: map[string]int{"laugh": 7}},
		{by: "Noor", body: "Added all three.", to: 4},
	}},
	{category: "Moderators", title: "wheel-deals again", day: 24, posts: []post{
		{by: "Max", body: "Third advertisement this month. I have hidden it and written to them. Once more and I suspend the account."},
		{by: Admin, body: "Agreed. Say so in the reason, so that they can read it."},
	}},
}

// What the long thread is made of.
const diaryPosts = 118

var (
	riders = []string{"Noor", "Tomás", "Greta", "Samir", "Ewa", "Jonas", "Otto", "Lucía", "Hanne", "Aoife", "Bea", "Kofi", "Mette", "Ravi", "Yuki", "Carlo", "Nell"}
	where  = []string{"to work and the long way home", "along the canal", "over the hill and back by the road", "to the market", "round the lake", "to the workshop with a wheel under one arm",
		"in the rain", "to the station and no further", "through the woods, on the wrong tyres", "to my sister’s", "up the valley until the road ended", "with the children, so at their pace", "before breakfast"}
	saw = []string{"Saw a hare that could not decide.", "Saw nobody, for once.", "The mill has a new wheel.", "There was ice in the shade.", "The gate at the weir is open again.", "Met two people from here, which I only found out afterwards.",
		"A stork, walking, as if late for something.", "The bakery at the crossing is back.", "Headwind both ways. It can do that.", "One puncture, mended on a bench in the sun.", "The lime trees are in flower.", "Somebody had swept the tunnel. Thank you, somebody.",
		"The ferryman waved me on without a ticket.", "A dog carried a branch that was wider than the path.", "I counted eleven herons.", "First evening without lights.", "First evening with lights."}
	after = []string{"The new chain is silent. I had forgotten.", "I should have worn the other gloves.", "Next time I take the map.", "Knee is fine again, thanks to whoever said: saddle up by a centimetre.", "Cake: poppy seed.",
		"If anybody finds a small red bottle on the towpath, it is mine."}
	answers = []string{"The same one? It sits there every morning.", "I was there an hour later and it was gone.", "Which gate is that, the upper one?", "Jealous. I was indoors all day.", "You must have passed me!", "Where is that, if it is no secret?",
		"That hill is on my list.", "Wave next time!"}
)
