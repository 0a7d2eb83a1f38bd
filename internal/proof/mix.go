package proof

import "fmt"

// Mix is what the clients of a run do.
type Mix string

// The mixes.
const (
	MixPost        Mix = "post"         // reply
	MixReplyDelete Mix = "reply-delete" // reply, delete one's own replies, restore some
	MixReact       Mix = "react"        // react, change it, withdraw it
	MixMove        Mix = "move"         // move threads between two categories, rename them, and reply in them
	MixRead        Mix = "read"         // a visitor's thread page, the same few again and again
	MixReadFresh   Mix = "read-fresh"   // a visitor's thread pages, no page twice
	MixAll         Mix = "all"          // every act that changes something, and some that must be refused
)

// ParseMix returns the mix of that name.
func ParseMix(name string) (Mix, error) {
	switch mix := Mix(name); mix {
	case MixPost, MixReplyDelete, MixReact, MixMove, MixRead, MixReadFresh, MixAll:
		return mix, nil
	}
	return "", fmt.Errorf("there is no mix %q", name)
}

// Reads reports whether the mix changes nothing.
func (m Mix) Reads() bool { return m == MixRead || m == MixReadFresh }

// Moderates reports whether the person of that client must be a moderator.
func (m Mix) Moderates(client int) bool {
	return m == MixMove || m == MixAll && client%moderatorEvery == 0
}

// moderatorEvery is how many clients of MixAll share one that moderates.
const moderatorEvery = 8

// next chooses what a client does next.
func (m Mix) next(c *client) Op {
	switch m {
	case MixReplyDelete:
		return c.replyOrDelete()
	case MixReact:
		return c.react(c.anyPost())
	case MixMove:
		return c.moderate()
	case MixRead:
		return Op{Act: Reading, Thread: c.anyThread()}
	case MixReadFresh:
		return c.freshPage()
	case MixAll:
		return c.anything()
	}
	return Op{Act: Posting, Thread: c.anyThread()}
}

// replyOrDelete replies half the time, and else deletes an own post or, one time in four, restores one.
func (c *client) replyOrDelete() Op {
	choice := c.random.IntN(8)
	switch {
	case choice < 3 && len(c.posts) > 0:
		return Op{Act: Deleting}.on(take(c, &c.posts))
	case choice == 3 && len(c.deleted) > 0:
		return Op{Act: Restoring}.on(take(c, &c.deleted))
	}
	return Op{Act: Posting, Thread: c.anyThread()}
}

// moderate moves or renames a thread half the time, and else replies.
func (c *client) moderate() Op {
	switch thread := c.anyThread(); c.random.IntN(4) {
	case 0:
		return Op{Act: Moving, Thread: thread, Arg: uint8(c.random.IntN(len(c.site.Categories)))}
	case 1:
		return Op{Act: Renaming, Thread: thread}
	default:
		return Op{Act: Posting, Thread: thread}
	}
}

// react sets one of the reactions, or withdraws what there is.
func (c *client) react(at place) Op {
	return Op{Act: Reacting, Arg: uint8(c.random.IntN(len(reactionKinds) + 1))}.on(at)
}

// anything does a little of everything; a tenth must be refused.
func (c *client) anything() Op {
	choice := c.random.IntN(10)
	switch {
	case choice == 0 && c.moderates:
		return c.moderate()
	case choice == 0:
		return Op{Act: Posting, Thread: uint32(c.site.Locked)}
	case choice < 3 && len(c.posts) > 0:
		return c.react(c.posts[c.random.IntN(len(c.posts))])
	}
	return c.replyOrDelete()
}

// freshPage is the next of the pages that this client reads: all clients together go through every
// start there is before one comes again, so that no cache can hold what is asked.
func (c *client) freshPage() Op {
	c.page += len(c.site.People)
	return Op{Act: Reading, Thread: 0, Number: uint32(c.page%max(c.site.Pages, 1)) + 1}
}

func (c *client) anyThread() uint32 { return uint32(c.random.IntN(c.site.open())) }

// anyPost is one of those that the threads were made with.
func (c *client) anyPost() place {
	return place{c.anyThread(), uint32(c.random.IntN(c.site.Seeded)) + 1}
}

// place is where a post is: the thread by its index, and the number.
type place struct{ thread, number uint32 }

func (op Op) place() place { return place{op.Thread, op.Number} }

func (op Op) on(at place) Op {
	op.Thread, op.Number = at.thread, at.number
	return op
}

// take removes one at random.
func take(c *client, from *[]place) place {
	places := *from
	i, last := c.random.IntN(len(places)), len(places)-1
	taken := places[i]
	places[i] = places[last]
	*from = places[:last]
	return taken
}
