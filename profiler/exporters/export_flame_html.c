/*
 * export_flame_html.c
 *	  A flame graph as one page that refers to nothing outside itself.
 */
#include "exporters/flame_render.h"
#include "exporters/json_text.h"
#include "exporters/profile_export.h"

static const char page_style[] =
	":root{color-scheme:light dark;--ground:#fff;--ink:#16191d;--soft:#59626d;"
	"--line:#d9dde2;--field:#f5f6f8;--do:#1f5fa8}\n"
	"@media(prefers-color-scheme:dark){:root{--ground:#14171b;--ink:#e8eaed;"
	"--soft:#a3acb7;--line:#343b44;--field:#1e2329;--do:#8ab8ee}}\n"
	"body{margin:0;padding:20px 24px 56px;background:var(--ground);"
	"color:var(--ink);font:14px/1.45 system-ui,\"DejaVu Sans\",sans-serif}\n"
	"h1{font-size:20px;margin:0 0 2px}\n"
	"p{margin:0 0 14px;color:var(--soft);overflow-wrap:anywhere}\n"
	".bar{display:flex;gap:12px;align-items:center;margin:0 0 10px;"
	"flex-wrap:wrap}\n"
	"input,button{font:inherit;color:var(--ink);background:var(--field);"
	"border:1px solid var(--line);border-radius:6px;padding:5px 10px}\n"
	"input{width:280px}button{cursor:pointer}\n"
	"input:focus-visible,button:focus-visible{outline:2px solid var(--do)}\n"
	".keys{color:var(--soft);font-size:12px;margin-left:auto}\n"
	".grown,.shrunk{display:inline-block;width:11px;height:11px;"
	"border-radius:2px;background:#ec6052;margin-right:5px}\n"
	".shrunk{background:#609cde;margin-left:12px}\n"
	"svg{width:100%;height:auto;display:block}\n"
	"#details{position:fixed;left:0;right:0;bottom:0;min-height:20px;"
	"padding:8px 24px;background:var(--field);border-top:1px solid "
	"var(--line);font-size:13px;overflow-wrap:anywhere}\n"
	"@media(prefers-color-scheme:dark){.b:hover rect,.b:focus rect{"
	"stroke:#fff}}\n";

/* Nothing may be fetched, whatever a name holds. */
static const char security_policy[] =
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
	"'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n";

static void
print_head(FILE *out, const ArxProfile *profile, const ArxFlame *flame,
		   const char *title)
{
	fprintf(out,
			"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
			"<meta charset=\"utf-8\">\n%s"
			"<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
			security_policy);
	arx_xml_escape(out, title);
	fprintf(out, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<h1>",
			page_style, arx_flame_style);
	arx_xml_escape(out, title);
	fputs("</h1>\n<p id=\"subject\">", out);
	arx_flame_print_subject(out, profile, flame);
	fputs("</p>\n<div class=\"bar\">\n"
		  "<input id=\"search\" type=\"search\" aria-label=\"Search in names, "
		  "files and modules\" placeholder=\"Search names, files, modules\">\n"
		  "<span id=\"matched\" role=\"status\"></span>\n",
		  out);
	if (profile->is_diff)
		fputs("<span><i class=\"grown\"></i>grew<i class=\"shrunk\"></i>"
			  "shrank</span>\n",
			  out);
	fputs("<button id=\"reset\" type=\"button\">Show all</button>\n"
		  "<span class=\"keys\">click or Enter: zoom \xc2\xb7 arrows: move "
		  "\xc2\xb7 Esc: show all \xc2\xb7 /: search</span>\n</div>\n",
		  out);
}

bool
arx_export_flame_html(const ArxProfile *profile, const char *title, FILE *out)
{
	ArxProfileArena *arena = arx_arena_new();
	ArxFlame *flame = arx_flame_layout(profile, ARX_FLAME_LEAST, arena);

	print_head(out, profile, flame, title);
	fprintf(out,
			"<svg viewBox=\"0 0 %d %d\" role=\"group\" "
			"aria-labelledby=\"subject\">\n",
			ARX_FLAME_WIDTH, ((int) flame->depth + 1) * ARX_FLAME_ROW);
	arx_flame_print_boxes(out, profile, flame, 0);
	fprintf(out,
			"</svg>\n<div id=\"details\" aria-live=\"polite\"></div>\n"
			"<script>\n%s</script>\n</body>\n</html>\n",
			arx_flame_script);
	arx_arena_free(arena);
	return fflush(out) == 0 && !ferror(out);
}
