// Package api is the REST interface, version 1: JSON in and out, problems as RFC 9457
// has them, and an OpenAPI 3.1 document made of the very types that the handlers take.
//
// A handler gets its input decoded and checked for form, calls forum.Service and
// returns what to answer; route.go does the rest.
package api

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
)

// Prefix is where the interface begins.
const Prefix = "/api/v1"

// server answers with JSON.
type server struct {
	kit        *httpkit.Kit
	service    *forum.Service
	mux        *http.ServeMux
	document   huma.API
	finished   func() *huma.OpenAPI   // the document with what Huma cannot be told
	operations []*operation           // in the order of routes
	epoch      atomic.Pointer[string] // of the database, once it was read
}

// New returns the handler of everything under /api/.
func New(kit *httpkit.Kit) http.Handler {
	s := &server{kit: kit, service: kit.Service, mux: http.NewServeMux(), document: newDocument()}
	s.finished = sync.OnceValue(func() *huma.OpenAPI { return finishDocument(s.document.OpenAPI()) })
	s.routes()
	s.mux.Handle("GET "+Prefix+"/openapi.json", s.kit.Handle(s.serveDocument(), s.fail))
	s.mux.Handle("GET "+Prefix+"/docs", s.kit.Handle(s.serveDocs(), s.fail))
	s.mux.Handle("GET "+Prefix+"/docs.css", s.kit.Handle(newStaticFile("text/css; charset=utf-8", docsStyle).serve, s.fail))
	s.mux.Handle("GET /api/{$}", http.RedirectHandler(Prefix+"/docs", http.StatusFound))
	s.mux.Handle("/", s.kit.Handle(s.refuse, s.fail))
	return s.mux
}

func (s *server) routes() {
	route(s, "GET /categories", "listCategories", "The tree of categories, with exact numbers", s.listCategories)
	route(s, "POST /categories", "createCategory", "Make a category", s.createCategory, spends(&httpkit.Editing))
	route(s, "PUT /categories/order", "orderCategories", "Put sibling categories in order", s.orderCategories, spends(&httpkit.Editing))
	route(s, "GET /categories/{category_id}", "getCategory", "A category with what is below it", s.getCategory)
	route(s, "PATCH /categories/{category_id}", "editCategory", "Rename or describe a category", s.editCategory, spends(&httpkit.Editing))
	route(s, "PUT /categories/{category_id}/marks/hidden", "hideCategory", "Hide a category and what is below it", s.hideCategory, spends(&httpkit.Editing))
	route(s, "DELETE /categories/{category_id}/marks/hidden", "showCategory", "Show a hidden category again", s.showCategory, spends(&httpkit.Editing))
	route(s, "GET /categories/{category_id}/permissions", "getCategoryPermissions", "What each role may do in a category", s.getCategoryPermissions)
	route(s, "PUT /categories/{category_id}/permissions", "setCategoryPermissions", "Say what each role may do in a category", s.setCategoryPermissions, spends(&httpkit.Editing))

	route(s, "GET /threads", "listThreads", "Threads, newest activity first", s.listThreads)
	route(s, "POST /threads", "createThread", "Start a thread with its first post", s.createThread, spends(&httpkit.Starting))
	route(s, "GET /threads/{thread_id}", "getThread", "A thread", s.getThread)
	route(s, "PATCH /threads/{thread_id}", "editThread", "Rename, tag or move a thread", s.editThread, spends(&httpkit.Editing))
	route(s, "DELETE /threads/{thread_id}", "deleteThread", "Delete a thread", s.deleteThread, spends(&httpkit.Editing))
	route(s, "PUT /threads/{thread_id}/marks/{mark}", "markThread", "Delete, hide, unlist, pin or lock a thread", s.markThread, spends(&httpkit.Editing))
	route(s, "DELETE /threads/{thread_id}/marks/{mark}", "unmarkThread", "Restore, show, list, unpin or unlock a thread", s.unmarkThread, spends(&httpkit.Editing))

	route(s, "GET /threads/{thread_id}/posts", "listPosts", "A page of a thread's posts, by number", s.listPosts)
	route(s, "POST /threads/{thread_id}/posts", "createPost", "Reply to a thread", s.createPost, spends(&httpkit.Posting), replies)
	route(s, "GET /threads/{thread_id}/posts/{number}", "getPost", "A post", s.getPost)
	route(s, "PATCH /threads/{thread_id}/posts/{number}", "editPost", "Give a post another text", s.editPost, spends(&httpkit.Editing))
	route(s, "DELETE /threads/{thread_id}/posts/{number}", "deletePost", "Delete a post", s.deletePost, spends(&httpkit.Editing))
	route(s, "PUT /threads/{thread_id}/posts/{number}/marks/{mark}", "markPost", "Delete or hide a post", s.markPost, spends(&httpkit.Editing))
	route(s, "DELETE /threads/{thread_id}/posts/{number}/marks/{mark}", "unmarkPost", "Restore or show a post", s.unmarkPost, spends(&httpkit.Editing))
	route(s, "GET /threads/{thread_id}/posts/{number}/revisions", "listRevisions", "The earlier texts of a post", s.listRevisions)
	route(s, "PUT /threads/{thread_id}/posts/{number}/reaction", "react", "React to a post, instead of an earlier reaction", s.react, spends(&httpkit.Reacting))
	route(s, "DELETE /threads/{thread_id}/posts/{number}/reaction", "withdrawReaction", "Withdraw the reaction to a post", s.withdrawReaction, spends(&httpkit.Reacting))

	route(s, "GET /search", "search", "Find posts by their words", s.search, spends(&httpkit.Searching))

	route(s, "GET /people", "listPeople", "People, by name", s.listPeople)
	route(s, "GET /people/{name}", "getPerson", "A person, with exact numbers", s.getPerson)
	route(s, "GET /people/{name}/posts", "listPersonPosts", "A person's posts, newest first", s.listPersonPosts)
	route(s, "PUT /people/{name}/suspension", "suspendPerson", "Suspend a person", s.suspendPerson, spends(&httpkit.Editing))
	route(s, "DELETE /people/{name}/suspension", "liftSuspension", "End a suspension", s.liftSuspension, spends(&httpkit.Editing))
	route(s, "PUT /people/{name}/role", "setRole", "Give a person a role", s.setRole, spends(&httpkit.Editing))

	route(s, "POST /sign-up", "signUp", "Make an account and sign in", s.signUp)
	route(s, "POST /sign-in", "signIn", "Sign in with name and password", s.signIn)
	route(s, "POST /sign-out", "signOut", "End the session", s.signOut)
	route(s, "GET /me", "getMe", "Who you are", s.getMe)
	route(s, "PATCH /me", "editMe", "Change what you say about yourself", s.editMe, spends(&httpkit.Editing))
	route(s, "PUT /me/password", "changePassword", "Change your password, only in a session; every other session of yours ends, tokens stay", s.changePassword)
	route(s, "GET /tokens", "listTokens", "Your tokens, without their secrets; only in a session", s.listTokens)
	route(s, "POST /tokens", "createToken", "Make a token, only in a session; its secret is shown this once", s.createToken, spends(&httpkit.Editing))
	route(s, "DELETE /tokens/{token_id}", "deleteToken", "End one of your tokens; only in a session", s.deleteToken, spends(&httpkit.Editing))

	route(s, "GET /about", "getAbout", "The community in numbers, and when they were last verified", s.getAbout)
	route(s, "GET /site", "getSite", "Name and description of the community", s.getSite)
	route(s, "PUT /site", "setSite", "Name and describe the community", s.setSite, spends(&httpkit.Editing))
}
