/*
 * flame_render.h
 *	  The parts that a flame graph in SVG and one in HTML have in common.
 */
#ifndef ARX_PROFILER_FLAME_RENDER_H
#define ARX_PROFILER_FLAME_RENDER_H

#include <stdio.h>

#include "exporters/flame_layout.h"

#define ARX_FLAME_WIDTH 1200 /* in units of the picture */
#define ARX_FLAME_ROW 18
#define ARX_FLAME_LEAST 0.0002 /* of the width: a box of a quarter unit */

/* Zoom, search and keys; the same text in both.  Does not contain "]]>". */
extern const char arx_flame_script[];
/* Looks of the boxes. */
extern const char arx_flame_style[];

/* "12.5 MiB"; with a sign in front when it is a change. */
extern void arx_flame_print_bytes(FILE *out, double bytes, bool change);

/* "12.5 MiB (10.1 MiB to 15.2 MiB, 95 %), 25 samples", escaped. */
extern void arx_flame_print_amount(FILE *out, const ArxProfile *profile,
								   const ArxFlameBox *box);

/* One line on what is seen, escaped: process, time, sum. */
extern void arx_flame_print_subject(FILE *out, const ArxProfile *profile,
									const ArxFlame *flame);

/* A group of all boxes, its first row at top. */
extern void arx_flame_print_boxes(FILE *out, const ArxProfile *profile,
								  const ArxFlame *flame, int top);

#endif
