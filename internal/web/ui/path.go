package ui

import (
	"net/url"
	"strconv"

	"folkmoot/internal/forum"
)

// ThreadPath is the canonical address of a thread's first page.
func ThreadPath(id forum.ThreadID, slug string) string {
	return threadPath(id) + "/" + url.PathEscape(slug)
}

// ThreadPagePath is the canonical address of the page that begins at a number.
func ThreadPagePath(id forum.ThreadID, slug string, from int64) string {
	if from <= 1 {
		return ThreadPath(id, slug)
	}
	return ThreadPath(id, slug) + "?from=" + digits(from)
}

// PostPlace is where a post is read: on its page, at its number.
func PostPlace(id forum.ThreadID, slug string, number int64) string {
	return ThreadPagePath(id, slug, pageStart(number)) + "#" + PostAnchor(number)
}

// pageStart is where the page begins that a link to a post opens. A page holds at most
// PageSize numbers, so that the post is on it whatever was deleted before it.
func pageStart(number int64) int64 {
	return (number-1)/forum.PageSize*forum.PageSize + 1
}

// PostPath is a post's short address, which leads to its place: "/t/5/23".
func PostPath(id forum.ThreadID, number int64) string {
	return threadPath(id) + "/" + digits(number)
}

// PostAnchor is the id of a post's element: "p-23".
func PostAnchor(number int64) string { return "p-" + digits(number) }

// ThreadAct is the address of something done with a thread as a whole: "/t/5/thread/edit".
func ThreadAct(id forum.ThreadID, act string) string { return threadPath(id) + "/thread/" + act }

// PostAct is the address of something done with a post: "/t/5/23/edit".
func PostAct(id forum.ThreadID, number int64, act string) string {
	return PostPath(id, number) + "/" + act
}

// AttachmentPath is the address of a file of a post: "/t/5/23/files/1/plot.png". Its name is there
// for people only.
func AttachmentPath(id forum.ThreadID, number int64, file forum.Attachment) string {
	return PostPath(id, number) + "/files/" + digits(file.Position) + "/" + url.PathEscape(file.Name)
}

// ReplyPath takes replies to a thread.
func ReplyPath(id forum.ThreadID) string { return threadPath(id) + "/reply" }

// PreviewAddress is the page that PreviewPath leads to.
const PreviewAddress = "/preview"

// PreviewPath shows how a text will look that a form would send to action.
func PreviewPath(action string) string { return PreviewAddress + "?to=" + url.QueryEscape(action) }

// LogoPath is the address of the community's picture, "" where it has none.
func LogoPath(site forum.Site) string {
	if site.Logo == "" {
		return ""
	}
	return "/logo/" + site.Logo
}

func threadPath(id forum.ThreadID) string { return "/t/" + digits(int64(id)) }

// CategoryPath is the address of a category.
func CategoryPath(slug string) string { return "/c/" + url.PathEscape(slug) }

// CategoryAdminPath is the address of a category's settings.
func CategoryAdminPath(id forum.CategoryID) string { return "/admin/categories/" + digits(int64(id)) }

// CategoryFeedPath is the address of a category's feed.
func CategoryFeedPath(slug string) string { return CategoryPath(slug) + "/feed.atom" }

// ThreadFeedPath is the address of a thread's feed.
func ThreadFeedPath(id forum.ThreadID) string { return threadPath(id) + "/feed.atom" }

// UserPath is the address of a person.
func UserPath(name string) string { return "/u/" + url.PathEscape(name) }

// TagPath is the address of a tag.
func TagPath(name string) string { return "/tag/" + url.PathEscape(name) }

// SignInPath is the address to sign in at and then go on at next, a local path.
func SignInPath(next string) string { return "/sign-in?next=" + url.QueryEscape(next) }

// SignUpPath is the address to make an account at and then go on at next, a local path.
func SignUpPath(next string) string { return "/sign-up?next=" + url.QueryEscape(next) }

// InvitationPath is the address to sign up at with an invitation.
func InvitationPath(invitation forum.Secret) string {
	return "/sign-up?invitation=" + url.QueryEscape(string(invitation))
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
