/*
 * text_encoding.h
 *	  Texts of one database shown in another.
 */
#ifndef ARX_TEXT_ENCODING_H
#define ARX_TEXT_ENCODING_H

/*
 * The text (len bytes in that encoding) in the encoding of this database:
 * palloc'd and terminated.  Raises no error for its bytes: where a character
 * cannot be shown the text ends with "...".
 */
extern char *arx_text_to_server(const char *text, int len, int encoding);

#endif /* ARX_TEXT_ENCODING_H */
