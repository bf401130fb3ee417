/*
 * export_flame_svg.c
 *	  A flame graph as one SVG file, which answers when opened in a browser.
 */
#include "exporters/flame_render.h"
#include "exporters/json_text.h"
#include "exporters/profile_export.h"

#define TOP 64	  /* of the first row: title and subject are above */
#define BOTTOM 34 /* below the last row: what is pointed at */

static void
print_head(FILE *out, const ArxProfile *profile, const ArxFlame *flame,
		   const char *title, int height)
{
	fprintf(out,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<svg xmlns=\"http://www.w3.org/2000/svg\" "
			"viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
			"role=\"group\" aria-labelledby=\"title subject\">\n"
			"<title id=\"title\">",
			ARX_FLAME_WIDTH, height, ARX_FLAME_WIDTH, height);
	arx_xml_escape(out, title);
	fprintf(out,
			"</title>\n<style>\n"
			"text{font:12px system-ui,\"DejaVu Sans\",sans-serif;"
			"fill:#3a4047}\n"
			".head{font-size:17px;font-weight:600;fill:#16191d}\n"
			".do{cursor:pointer;fill:#1f5fa8}\n%s</style>\n"
			"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
			"<text class=\"head\" x=\"6\" y=\"25\">",
			arx_flame_style);
	arx_xml_escape(out, title);
	fputs("</text>\n<text id=\"subject\" x=\"6\" y=\"47\">", out);
	arx_flame_print_subject(out, profile, flame);
	fprintf(out,
			"</text>\n"
			"<text id=\"reset\" class=\"do\" role=\"button\" x=\"%d\" y=\"25\""
			" text-anchor=\"end\" visibility=\"hidden\">Show all</text>\n"
			"<text id=\"find\" class=\"do\" role=\"button\" x=\"%d\" y=\"25\""
			" text-anchor=\"end\">Search ( / )</text>\n",
			ARX_FLAME_WIDTH - 100, ARX_FLAME_WIDTH - 6);
}

bool
arx_export_flame_svg(const ArxProfile *profile, const char *title, FILE *out)
{
	ArxProfileArena *arena = arx_arena_new();
	ArxFlame *flame = arx_flame_layout(profile, ARX_FLAME_LEAST, arena);
	int rows = ((int) flame->depth + 1) * ARX_FLAME_ROW;
	int height = TOP + rows + BOTTOM;

	print_head(out, profile, flame, title, height);
	arx_flame_print_boxes(out, profile, flame, TOP);
	fprintf(out,
			"<text id=\"details\" x=\"6\" y=\"%d\"></text>\n"
			"<text id=\"matched\" x=\"%d\" y=\"%d\" text-anchor=\"end\">"
			"</text>\n<script><![CDATA[\n%s]]></script>\n</svg>\n",
			TOP + rows + 21, ARX_FLAME_WIDTH - 6, TOP + rows + 21,
			arx_flame_script);
	arx_arena_free(arena);
	return fflush(out) == 0 && !ferror(out);
}
