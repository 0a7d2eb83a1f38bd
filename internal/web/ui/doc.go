// Package ui holds the building blocks of pages: the frame, lists, posts, forms.
// Components loop and show; what a reader may do was decided before. A page of
// the parent package puts them together.
package ui
