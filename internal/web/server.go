// Package web is the pages: a handler decodes, calls forum.Service and shows a page
// or leads to one. Everything works without scripts, reading and writing.
//
// A page is a struct beside its handler, and its content method the component that
// shows it; the building blocks are in ui, what pages load beside HTML in assets.
package web

import (
	"net/http"

	"folkmoot/internal/forum"
	"folkmoot/internal/httpkit"
	"folkmoot/internal/web/assets"
)

// server answers with pages.
type server struct {
	kit     *httpkit.Kit
	service *forum.Service
	cache   *pageCache
}

// New returns the handler of all pages.
func New(kit *httpkit.Kit) http.Handler {
	s := &server{kit: kit, service: kit.Service, cache: newPageCache(kit.Absolute(""))}
	mux := http.NewServeMux()
	handle := func(pattern string, h httpkit.HandlerFunc) { mux.Handle(pattern, kit.Handle(h, s.fail)) }
	s.routes(handle)
	handle("/", func(w http.ResponseWriter, r *http.Request) error { return s.refuse(w, r, mux) })
	return mux
}

// routes gives handle every route of the pages, a pattern of http.ServeMux each.
func (s *server) routes(handle func(pattern string, h httpkit.HandlerFunc)) {
	handle("GET /{$}", s.showLatest)
	handle("GET /categories", s.showCategories)
	handle("GET /c/{slug}", s.showCategory)
	handle("GET /tag/{name}", s.showTag)
	handle("GET /u/{name}", s.showUser)
	handle("GET /search", s.search)
	handle("GET /about", s.showAbout)

	handle("GET /feed.atom", s.showLatestFeed)
	handle("GET /c/{slug}/feed.atom", s.showCategoryFeed)
	handle("GET /t/{id}/feed.atom", s.showThreadFeed)
	handle("GET /sitemap.xml", s.showSitemap)
	handle("GET /sitemap/{part}", s.showSitemapPart)
	handle("GET /robots.txt", s.showRobots)

	handle("GET /t/{id}", s.showThread)
	handle("GET /t/{id}/{place}", s.showThread)
	handle("GET /new", s.newThread)
	handle("GET /c/{slug}/new", s.newThread)
	handle("POST /new", s.createThread)
	handle("GET /t/{id}/thread/edit", s.editThread)
	handle("POST /t/{id}/thread/edit", s.updateThread)
	handle("POST /t/{id}/thread/mark", s.markThread)

	handle("POST /t/{id}/reply", s.createPost)
	handle("GET /t/{id}/{number}/edit", s.editPost)
	handle("POST /t/{id}/{number}/edit", s.updatePost)
	handle("GET /t/{id}/{number}/history", s.showHistory)
	handle("GET /t/{id}/{number}/delete", s.confirmDeletion)
	handle("POST /t/{id}/{number}/delete", s.deletePost)
	handle("POST /t/{id}/{number}/restore", s.restorePost)
	handle("POST /t/{id}/{number}/hide", s.hidePost)
	handle("POST /t/{id}/{number}/unhide", s.unhidePost)
	handle("GET /t/{id}/{number}/react", s.showReactions)
	handle("POST /t/{id}/{number}/react", s.react)
	handle("POST /preview", s.preview)
	handle("GET /t/{id}/{number}/files/{position}/{name}", s.sendAttachment)

	handle("GET /sign-in", s.showSignIn)
	handle("POST /sign-in", s.signIn)
	handle("GET /sign-up", s.showSignUp)
	handle("POST /sign-up", s.signUp)
	handle("POST /sign-out", s.signOut)
	handle("GET /first-run", s.showFirstRun)
	handle("POST /first-run", s.firstRun)

	handle("GET /settings", s.showSettings)
	handle("POST /settings/about", s.updateAbout)
	handle("POST /settings/password", s.changePassword)
	handle("POST /settings/sign-out-elsewhere", s.signOutElsewhere)
	handle("POST /settings/tokens", s.createToken)
	handle("POST /settings/tokens/{id}/revoke", s.revokeToken)

	handle("GET /admin", s.showAdmin)
	handle("POST /admin/site", s.updateSite)
	handle("POST /admin/look", s.updateLook)
	handle("POST /admin/rules", s.updateRules)
	handle("GET /admin/settings", s.showAdminSettings)
	handle("GET /admin/changes", s.showChanges)
	handle("GET /admin/invitations", s.showInvitations)
	handle("POST /admin/invitations", s.createInvitation)
	handle("POST /admin/invitations/{id}/end", s.endInvitation)
	handle("GET /admin/people", s.showPeople)
	handle("GET /admin/categories", s.showAdminCategories)
	handle("GET /admin/categories/new", s.newCategory)
	handle("POST /admin/categories/new", s.createCategory)
	handle("GET /admin/categories/{id}", s.editCategory)
	handle("POST /admin/categories/{id}", s.updateCategory)
	handle("POST /admin/categories/{id}/permissions", s.setPermissions)
	handle("POST /admin/categories/{id}/hide", s.hideCategory)
	handle("POST /admin/categories/{id}/move", s.moveCategory)
	handle("POST /admin/categories/{id}/order", s.orderCategory)
	handle("POST /u/{name}/suspend", s.suspend)
	handle("POST /u/{name}/lift", s.liftSuspension)
	handle("POST /u/{name}/role", s.setRole)

	handle("GET /admin/components", s.showComponents)

	handle("GET /logo/{name}", s.showLogo)
	handle("GET "+assets.Prefix, s.showAsset)
}

func (s *server) showAsset(w http.ResponseWriter, r *http.Request) error {
	if !assets.Serve(w, r) {
		return forum.ErrNotFound
	}
	return nil
}
