// HTML to text: what a reader of the page sees. Lecture, section 4.17.
//
//     <p>Tom &amp; <b>Anna</b><br>play.</p><script>x()</script>     Tom & Anna
//                                                                   play.
//
// Tags go. Those of blocks (p, div, li, h1, tr, ...) end a line, others (b, a, span) leave
// nothing. What script, style and head hold goes with them, and so do comments. White
// space becomes one blank, but for lines inside <pre>. Entities become characters: &amp;
// &#8212; &#x2014; and those of a short list; what is none stays as it is, and so does a <
// that begins no tag.
//
// This is no parser of HTML (the standard's has 80 states): a page's menus and footers
// stay, and rules like those of clean_rules.h must find them.
#pragma once
#include <stdbool.h>

#include "common/program/text.h"

// Whether the first kilobyte has one of the tags that every page has: !doctype html,
// html, head, body.
bool html_is(const char *text, size_t size);
// Appends the page's text, one blank at most between two words, one empty line at most
// between two lines.
void html_to_text(Text *to, const char *html, size_t size);
