package httpkit

import (
	"context"
	"net/http"
	"strings"

	"folkmoot/internal/forum"
)

// The session's cookie. With the prefix a browser takes it over https only, for this host and
// the whole of it, so that neither a neighbouring host nor plain http can plant another.
const (
	cookieName       = "folkmoot"
	secureCookieName = "__Host-folkmoot"
)

// cookieLifetime is the longest that browsers keep a cookie. How long a session lasts is the
// server's to say: forum.SessionLifetime after it was last used.
const cookieLifetime = 400 * 24 * 60 * 60

var errBadToken = &forum.Error{Kind: forum.Unauthenticated, Message: "this token is not valid"}

// identify finds out who asks. A token must be valid; a cookie that is not makes a visitor.
func (k *Kit) identify(x *exchange, r *http.Request, actorOf actorFunc) error {
	if secrets := bearers(r); len(secrets) > 0 {
		return k.identifyBearer(x, r, secrets, actorOf)
	}
	cookie, err := r.Cookie(k.cookieName(r))
	if err != nil || !forum.Secret(cookie.Value).IsSession() {
		return nil
	}
	actor, err := actorOf(r.Context(), forum.Secret(cookie.Value))
	if forum.KindOf(err) == forum.Unauthenticated {
		return nil
	}
	x.actor, x.secret = actor, forum.Secret(cookie.Value)
	return err
}

// bearers are the tokens that a request brings. Other schemes of Authorization are none of ours: a
// browser sends by itself the password that a proxy in front of us wants.
func bearers(r *http.Request) (secrets []forum.Secret) {
	for _, line := range r.Header["Authorization"] {
		if scheme, secret, _ := strings.Cut(line, " "); strings.EqualFold(scheme, "Bearer") {
			secrets = append(secrets, forum.Secret(secret))
		}
	}
	return secrets
}

func (k *Kit) identifyBearer(x *exchange, r *http.Request, secrets []forum.Secret, actorOf actorFunc) error {
	x.secret = secrets[0]
	if len(secrets) != 1 || !x.secret.WellFormed() {
		return errBadToken
	}
	var err error
	x.actor, err = actorOf(r.Context(), x.secret)
	return err
}

func (k *Kit) cookieName(r *http.Request) string {
	if k.secure(r) {
		return secureCookieName
	}
	return cookieName
}

// OpenSession gives the browser the secret of a session just opened.
func (k *Kit) OpenSession(w http.ResponseWriter, r *http.Request, secret forum.Secret) {
	k.setCookie(w, r, string(secret), cookieLifetime)
}

// KeepSession renews the cookie of a session that is being extended, in an answer that nobody but the
// browser keeps.
func (k *Kit) KeepSession(w http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r.Context())
	if x.actor.Renewed && len(bearers(r)) == 0 {
		k.OpenSession(w, r, x.secret)
	}
}

// CloseSession ends the session by which the request came and takes the cookie back.
func (k *Kit) CloseSession(w http.ResponseWriter, r *http.Request) error {
	if err := k.SignOut(r.Context()); err != nil {
		return err
	}
	k.setCookie(w, r, "", -1)
	return nil
}

// SignOut ends the session by which a request came; a visitor has none. An API token is not a
// session: that is a Conflict.
func (k *Kit) SignOut(ctx context.Context) error {
	x := exchangeOf(ctx)
	switch {
	case !x.actor.SignedIn():
		return nil
	case !x.secret.IsSession():
		return &forum.Error{Kind: forum.Conflict, Message: "you came with a token, which is not a session: sign in to end it"}
	}
	return k.Service.SignOut(ctx, x.secret)
}

// ChangePassword gives whoever came with a session a new password. It is rationed like signing in, since
// it says whether the present one is right.
func (k *Kit) ChangePassword(ctx context.Context, present, password string) error {
	x := exchangeOf(ctx)
	if err := forum.CanKeepSessions(x.actor); err != nil { // who may not, spends nothing of the owner's
		return err
	}
	if err := k.SpendSignIn(ctx, x.actor.Name); err != nil {
		return err
	}
	return k.Service.ChangePassword(ctx, x.actor, x.secret, present, password)
}

// SignOutElsewhere ends every session of whoever asks but the one by which the request came.
func (k *Kit) SignOutElsewhere(ctx context.Context) error {
	x := exchangeOf(ctx)
	return k.Service.SignOutElsewhere(ctx, x.actor, x.secret)
}

// Accepted tells the scripts of the next page that the text was stored which came to this address:
// they then forget the draft of it.
func (k *Kit) Accepted(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "sent", Value: r.URL.Path, Path: "/", MaxAge: 60,
		Secure: k.secure(r), SameSite: http.SameSiteStrictMode})
}

func (k *Kit) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: k.cookieName(r), Value: value, Path: "/", MaxAge: maxAge,
		Secure: k.secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
