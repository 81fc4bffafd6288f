/* SPDX-License-Identifier: Apache-2.0 */
/* report_page.c - the page: a line for each container with a bar for each fault, and a table of all
 * that happened. One file of HTML with its style and an SVG in it; no script, nothing to load. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/event.h"
#include "chaos/report.h"

/* Measures of the picture, in units of its view box. */
enum {
	WIDTH = 1000,
	LEFT = 170,
	RIGHT = 20,
	TOP = 12,
	ROW = 30,
	BAR = 16,
	AXIS = 34,
	BAR_LEAST = 3,
	NAME_MAX = 22,
};
#define NS_PER_S  1e9
#define TICKS_MAX 10
#define PAGE_MAX  (256u << 20)

static const char style[] =
	":root{--bg:#fff;--fg:#1d2329;--dim:#69737d;--line:#d9dee3;--fault:#d9822b;--strike:#c23030;"
	"--bad:#c23030}"
	"@media(prefers-color-scheme:dark){:root{--bg:#15191d;--fg:#e6e9ec;--dim:#96a1ab;"
	"--line:#353c43;--fault:#f0a04b;--strike:#ff6b6b;--bad:#ff6b6b}}"
	"body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;margin:2rem auto;"
	"max-width:64rem;padding:0 1rem}h1{font-size:1.3rem;margin:0}p{color:var(--dim);margin:.2rem 0 "
	"1.2rem}svg{width:100%;height:auto}text{fill:var(--fg);font-size:13px}.t{fill:var(--dim);"
	"font-size:11px}.g{stroke:var(--line)}.f{fill:var(--fault)}.s{stroke:var(--strike);"
	"stroke-width:3}.x{fill:var(--bad)}table{border-collapse:collapse;width:100%;margin-top:1.5rem;"
	"font-size:13px}th,td{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid "
	"var(--line);vertical-align:top;overflow-wrap:anywhere}th{color:var(--dim);font-weight:500}"
	"td:first-child{font-variant-numeric:tabular-nums;white-space:nowrap}.failed td{color:var(--bad)}";

/* The page as it grows. It cannot fail but by its limit, after which nothing is added. */
struct page {
	const struct hp_report *r;
	struct hp_buf out;
	struct hp_strv names; /* of containers, in the order of their coming: the rows */
	int64_t begun_ns;
	double span_s;
};

static void add(struct page *p, const char *text)
{
	struct hp_error full = HP_ERROR_INIT;

	if (hp_buf_add(&p->out, text, strlen(text), &full) < 0)
		return;
}

static void addf(struct page *p, const char *fmt, ...) PRINTF(2, 3);
static void addf(struct page *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	AUTO_FREE char *text = hp_vsprintf(fmt, args);
	va_end(args);
	add(p, text);
}

/* Whatever a container is called, or says, it is text. */
static void add_text(struct page *p, const char *text)
{
	for (; *text; text++) {
		char one[2] = {*text, '\0'};
		switch (*text) {
		case '&':
			add(p, "&amp;");
			break;
		case '<':
			add(p, "&lt;");
			break;
		case '>':
			add(p, "&gt;");
			break;
		case '"':
			add(p, "&quot;");
			break;
		default:
			add(p, one);
		}
	}
}

static double seconds(const struct page *p, int64_t time_ns)
{
	return (double)(time_ns - p->begun_ns) / NS_PER_S;
}

static double x_of(const struct page *p, double s)
{
	return LEFT + s / p->span_s * (WIDTH - LEFT - RIGHT);
}

static size_t row_of(const struct page *p, const char *name)
{
	for (size_t i = 0; i < p->names.count; i++)
		if (hp_str_eq(p->names.items[i], name))
			return i;
	return 0;
}

/* When the fault of item @from ended; the end of the run when that is not told. */
static int64_t end_of_fault(const struct page *p, size_t from)
{
	const struct hp_report *r = p->r;

	for (size_t i = from + 1; i < r->count; i++)
		if ((r->items[i].what == HP_CHAOS_UNDONE ||
		     r->items[i].what == HP_CHAOS_FAILED) &&
		    hp_str_eq(r->items[i].fault, r->items[from].fault))
			return r->items[i].time_ns;
	return r->items[r->count - 1].time_ns;
}

static bool is_held(const struct page *p, size_t at)
{
	const struct hp_report *r = p->r;

	for (size_t i = at + 1; i < r->count; i++)
		if (r->items[i].what == HP_CHAOS_UNDOING &&
		    hp_str_eq(r->items[i].fault, r->items[at].fault))
			return true;
	return false;
}

static void add_title(struct page *p, const struct hp_report_item *item)
{
	add(p, "<title>");
	add_text(p, item->container);
	addf(p, ": %s at %.3f s", hp_chaos_word(item->what), seconds(p, item->time_ns));
	if (item->details[0]) {
		add(p, ", ");
		add_text(p, item->details);
	}
	add(p, "</title>");
}

/* A fault that was held is a bar; what nothing undoes is a stroke. */
static void add_applied(struct page *p, size_t at)
{
	const struct hp_report_item *item = &p->r->items[at];
	double y = TOP + (double)row_of(p, item->container) * ROW;
	double x = x_of(p, seconds(p, item->time_ns));

	if (!is_held(p, at)) {
		addf(p, "<line class='s' x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f'>", x, x,
		     y + (ROW - BAR) / 2.0, y + (ROW + BAR) / 2.0);
		add_title(p, item);
		add(p, "</line>");
		return;
	}
	double width = x_of(p, seconds(p, end_of_fault(p, at))) - x;
	addf(p, "<rect class='f' rx='3' x='%.1f' y='%.1f' width='%.1f' height='%d'>", x,
	     y + (ROW - BAR) / 2.0, width < BAR_LEAST ? BAR_LEAST : width, BAR);
	add_title(p, item);
	add(p, "</rect>");
}

static void add_failed(struct page *p, const struct hp_report_item *item)
{
	addf(p, "<circle class='x' r='5' cx='%.1f' cy='%.1f'>",
	     x_of(p, seconds(p, item->time_ns)),
	     TOP + (double)row_of(p, item->container) * ROW + ROW / 2.0);
	add_title(p, item);
	add(p, "</circle>");
}

/* 1, 2 or 5 times a power of ten, so that there are at most TICKS_MAX. */
static double tick_step(double span)
{
	static const double steps[] = {1, 2, 5};
	double power = 0.001;

	for (size_t i = 0;; i++) {
		if (i == HP_ARRAY_LEN(steps)) {
			i = 0;
			power *= 10;
		}
		if (span / (steps[i] * power) <= TICKS_MAX)
			return steps[i] * power;
	}
}

static void add_axis(struct page *p, double bottom)
{
	double step = tick_step(p->span_s);

	for (int i = 0; i * step <= p->span_s; i++) {
		double x = x_of(p, i * step);
		addf(p, "<line class='g' x1='%.1f' x2='%.1f' y1='%d' y2='%.1f'/>", x, x, TOP,
		     bottom);
		addf(p, "<text class='t' text-anchor='middle' x='%.1f' y='%.1f'>%g s</text>", x,
		     bottom + AXIS / 2.0, i * step);
	}
}

static void add_picture(struct page *p)
{
	double bottom = TOP + (double)p->names.count * ROW;

	addf(p, "<svg role='img' aria-label='timeline' viewBox='0 0 %d %.0f'>", WIDTH,
	     bottom + AXIS);
	add_axis(p, bottom);
	for (size_t i = 0; i < p->names.count; i++) {
		AUTO_FREE char *name = hp_strndup(p->names.items[i], NAME_MAX);
		addf(p, "<text text-anchor='end' x='%d' y='%.1f'>", LEFT - 10,
		     TOP + (double)i * ROW + ROW / 2.0 + 4);
		add_text(p, name);
		add(p, strlen(p->names.items[i]) > NAME_MAX ? "…</text>" : "</text>");
	}
	for (size_t i = 0; i < p->r->count; i++) {
		const struct hp_report_item *item = &p->r->items[i];
		if (item->container && item->what == HP_CHAOS_APPLIED)
			add_applied(p, i);
		else if (item->container && item->what == HP_CHAOS_FAILED)
			add_failed(p, item);
	}
	add(p, "</svg>");
}

static void add_table(struct page *p)
{
	add(p,
	    "<table><thead><tr><th>time</th><th>event</th><th>container</th><th>details</th></tr>"
	    "</thead><tbody>");
	for (size_t i = 0; i < p->r->count; i++) {
		const struct hp_report_item *item = &p->r->items[i];
		bool bad = item->what == HP_CHAOS_FAILED || item->what == HP_CHAOS_GUARD_DIED ||
			   item->what == HP_CHAOS_SKIPPED;
		addf(p, "<tr%s><td>%.3f s</td><td>%s</td><td>", bad ? " class='failed'" : "",
		     seconds(p, item->time_ns), hp_chaos_word(item->what));
		add_text(p, item->container ? item->container : "");
		add(p, "</td><td>");
		add_text(p, item->details);
		add(p, "</td></tr>\n");
	}
	add(p, "</tbody></table>");
}

static void measure(struct page *p)
{
	const struct hp_report *r = p->r;

	p->begun_ns = r->count ? r->items[0].time_ns : 0;
	p->span_s = r->count ? seconds(p, r->items[r->count - 1].time_ns) : 0;
	if (p->span_s < 0.001)
		p->span_s = 0.001;
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].container && !hp_strv_has(&p->names, r->items[i].container))
			hp_strv_add(&p->names, r->items[i].container);
}

char *hp_report_page(const struct hp_report *r)
{
	struct page p = {.r = r};
	char begun[HP_TIME_TEXT];

	hp_buf_init(&p.out, PAGE_MAX);
	measure(&p);
	hp_time_format(p.begun_ns, begun);
	add(&p,
	    "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
	    "<meta name='viewport' content='width=device-width,initial-scale=1'><title>chaos ");
	add_text(&p, r->run);
	add(&p, "</title><style>");
	add(&p, style);
	add(&p, "</style></head><body><h1>");
	add_text(&p, r->action);
	addf(&p, " on %zu container%s</h1><p>run ", p.names.count,
	     p.names.count == 1 ? "" : "s");
	add_text(&p, r->run);
	addf(&p, ", begun %s, %.3f s, harpoon %s</p>", begun, p.span_s, HP_VERSION);
	add_picture(&p);
	add_table(&p);
	add(&p, "</body></html>\n");
	hp_strv_free(&p.names);
	return hp_buf_take_str(&p.out);
}
