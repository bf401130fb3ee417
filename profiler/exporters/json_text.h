/*
 * json_text.h
 *	  Texts of unknown bytes, made fit for JSON, XML and other formats of text.
 */
#ifndef ARX_PROFILER_JSON_TEXT_H
#define ARX_PROFILER_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Bytes of the UTF-8 character that text begins with, 0 when length bytes do
 * not begin with a whole and valid one (RFC 3629).
 */
extern size_t arx_character_bytes(const char *text, size_t length);

/*
 * Is the UTF-8 character of so many bytes a control character, C0, DEL or C1?
 * A terminal takes all of these for the beginning of a command.
 */
extern bool arx_is_control(const char *text, size_t bytes);

/*
 * Writes a JSON string with its quotes (RFC 8259).  What is not UTF-8 becomes
 * U+FFFD; control characters are escaped, C1 as well, and '<' too, so that the
 * string may stand in a script element.
 */
extern void arx_json_quote(FILE *out, const char *text, size_t length);

/*
 * Writes a terminated text for XML or HTML, as content or in a quoted
 * attribute.  What is not UTF-8, and characters that XML has no place for,
 * become U+FFFD.
 */
extern void arx_xml_escape(FILE *out, const char *text);

#endif
