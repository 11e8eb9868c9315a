// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/text.h"

/* One row of the table, or one object of JSON. */
struct block {
	struct mu_text range, state, node; /* empty where there is none */
};

struct reader {
	struct mu_machine *machine;
	struct mu_error *error;
	unsigned online; /* ranges */
};

/* "0x0000000000000000-0x0000000007ffffff" */
static enum mu_status read_range(const struct reader *reader,
				 struct mu_text text, mu_phys_t *base,
				 mu_phys_t *size)
{
	struct mu_quote quote;
	uint64_t first, last;
	struct mu_text rest = text;

	if (mu_text_number(&rest, 16, &first) || !mu_text_skip(&rest, "-") ||
	    mu_text_number(&rest, 16, &last) || !mu_text_empty(&rest))
		return mu_fail(reader->error, MU_ERR_SYNTAX, 0,
			       "no range of addresses: \"%s\"",
			       mu_text_quote(&quote, text));
	if (last < first || last >= MU_PHYS_MAX)
		return mu_fail(reader->error, MU_ERR_RANGE, 0,
			       "range 0x%llx-0x%llx ends before it begins or "
			       "past %d address bits",
			       (unsigned long long)first,
			       (unsigned long long)last, MU_PHYS_BITS);
	*base = first;
	*size = last - first + 1;
	return MU_OK;
}

static enum mu_status add_block(struct reader *reader,
				const struct block *block)
{
	struct mu_text state = block->state, node = block->node;
	enum mu_status status;
	mu_phys_t base = 0, size = 0;
	uint64_t nid;

	if (mu_text_empty(&block->range))
		return MU_OK;
	status = read_range(reader, block->range, &base, &size);
	if (!status && !mu_text_number(&node, 10, &nid))
		status = mu_machine_add_affinity(reader->machine, base, size,
						 (int)MU_MIN(nid, INT32_MAX), 0,
						 reader->error);
	/* A table without states was made of what is online. */
	if (!status &&
	    (mu_text_empty(&state) || mu_text_skip(&state, "online"))) {
		status = mu_machine_add(reader->machine, base, size,
					MU_RANGE_RAM, 0, reader->error);
		reader->online++;
	}
	return mu_text_failed(reader->error, status, &block->range);
}

static bool next_cell(struct mu_text *row, struct mu_text *cell)
{
	mu_text_blanks(row);
	*cell = *row;
	while (row->at < row->end && *row->at != ' ' && *row->at != '\t')
		row->at++;
	cell->end = row->at;
	return !mu_text_empty(cell);
}

struct title {
	size_t node_end;	   /* of "NODE" in the line; 0: not there */
	unsigned node_cell, cells; /* which of them it is, from 0 */
};

/*
 * Cells may be empty, so columns are recognised by content and position: states
 * are words that appear nowhere else, nodes are numbers that end below the end
 * of "NODE".
 */
static void read_row(struct mu_text row, const struct title *title,
		     struct block *block)
{
	const char *start = row.at;
	struct mu_text cell, word, named = {0};
	unsigned cells = 1;

	*block = (struct block){.range = {row.end, row.end, row.line}};
	block->state = block->node = block->range;
	if (!next_cell(&row, &cell))
		return;
	word = cell;
	if (!mu_text_skip(&word, "0x"))
		return;
	block->range = cell;
	while (next_cell(&row, &cell)) {
		word = cell;
		if (mu_text_skip(&word, "online") ||
		    mu_text_skip(&word, "offline") ||
		    mu_text_skip(&word, "going-offline") ||
		    mu_text_skip(&word, "deconfigured"))
			block->state = cell;
		if (title->node_end &&
		    (size_t)(cell.end - start) == title->node_end)
			block->node = cell;
		if (cells++ == title->node_cell)
			named = cell;
	}
	/* Without its blanks, but with all its cells. */
	if (title->node_end && mu_text_empty(&block->node) &&
	    cells == title->cells)
		block->node = named;
}

static bool is_title(struct mu_text line, struct title *title)
{
	const char *start = line.at;
	struct mu_text cell;

	if (!next_cell(&line, &cell) || !mu_text_skip(&cell, "RANGE") ||
	    !mu_text_empty(&cell))
		return false;
	*title = (struct title){.cells = 1};
	for (; next_cell(&line, &cell); title->cells++) {
		if (!mu_text_skip(&cell, "NODE") || !mu_text_empty(&cell))
			continue;
		title->node_end = (size_t)(cell.end - start);
		title->node_cell = title->cells;
	}
	return true;
}

static enum mu_status read_table(struct reader *reader, struct mu_text text)
{
	enum mu_status status = MU_OK;
	bool in_table = false;
	struct title title = {0};
	struct mu_text line;

	while (!status && mu_text_line(&text, &line)) {
		struct block block;

		if (is_title(line, &title)) {
			in_table = true;
		} else if (in_table) {
			read_row(line, &title, &block);
			status = add_block(reader, &block);
		}
	}
	return status;
}

/*
 * The next string, word or mark of JSON; *@quoted for a string, which comes
 * without its quotes. Escapes are not handled: lsmem writes nothing that needs
 * one.
 */
static bool next_token(struct mu_text *text, struct mu_text *token,
		       bool *quoted)
{
	static const char marks[] = "{}[]:,\"";
	const char *mark;

	for (;
	     text->at < text->end && (*text->at == '\n' || *text->at == '\r' ||
				      *text->at == ' ' || *text->at == '\t');
	     text->at++)
		text->line += *text->at == '\n';
	*token = *text;
	*quoted = false;
	if (mu_text_empty(text))
		return false;
	if (mu_text_skip(text, "\"")) {
		*quoted = true;
		*token = *text;
		while (text->at < text->end && *text->at != '"')
			text->line += *text->at++ == '\n';
		token->end = text->at;
		(void)mu_text_skip(text, "\"");
		return true;
	}
	for (; text->at < text->end; text->at++) {
		for (mark = marks; *mark && *mark != *text->at; mark++)
			;
		if (*mark || *text->at <= ' ')
			break;
	}
	/* A mark, or a byte that is nothing at all, is a token of its own. */
	if (text->at == token->at)
		text->at++;
	token->end = text->at;
	return true;
}

static bool token_is(struct mu_text token, const char *word)
{
	return mu_text_skip(&token, word) && mu_text_empty(&token);
}

/* Null, or a number. */
static enum mu_status check_node(const struct reader *reader,
				 struct mu_text node)
{
	struct mu_text rest = node;
	struct mu_quote quote;
	uint64_t nid;

	if (token_is(node, "null") ||
	    (!mu_text_number(&rest, 10, &nid) && mu_text_empty(&rest)))
		return MU_OK;
	return mu_text_failed(reader->error,
			      mu_fail(reader->error, MU_ERR_SYNTAX, 0,
				      "no node: \"%s\"",
				      mu_text_quote(&quote, node)),
			      &node);
}

/* A file that was cut short. */
static enum mu_status check_depth(const struct reader *reader,
				  struct mu_text end, int depth)
{
	if (depth <= 0)
		return MU_OK;
	return mu_text_failed(reader->error,
			      mu_fail(reader->error, MU_ERR_SYNTAX, 0,
				      "the JSON ends with %d brackets open",
				      depth),
			      &end);
}

static enum mu_status read_json(struct reader *reader, struct mu_text text)
{
	struct mu_text nothing = {text.at, text.at, 0};
	struct block block = {nothing, nothing, nothing};
	struct mu_text token, key = nothing;
	enum mu_status status = MU_OK;
	bool quoted, is_value = false;
	int depth = 0;

	text.line = 1;
	while (!status && next_token(&text, &token, &quoted)) {
		if (!quoted)
			depth += token_is(token, "{") + token_is(token, "[") -
				 token_is(token, "}") - token_is(token, "]");
		if (!quoted && token_is(token, ":")) {
			is_value = true;
			continue;
		}
		if (!quoted && token_is(token, "}")) {
			status = add_block(reader, &block);
			block = (struct block){nothing, nothing, nothing};
		} else if (is_value && token_is(key, "range")) {
			block.range = token;
		} else if (is_value && token_is(key, "state")) {
			block.state = token;
		} else if (is_value && token_is(key, "node")) {
			block.node = token;
			status = check_node(reader, token);
		} else if (quoted) {
			key = token;
		}
		is_value = false;
	}
	return status ? status : check_depth(reader, text, depth);
}

enum mu_status mu_machine_read_lsmem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error)
{
	struct reader reader = {.machine = machine, .error = error};
	struct mu_text all = mu_text(text, len), rest = all, token;
	enum mu_status status;
	bool quoted;

	if (next_token(&rest, &token, &quoted) && !quoted &&
	    token_is(token, "{"))
		status = read_json(&reader, all);
	else
		status = read_table(&reader, all);
	if (!status && !reader.online)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no range of memory that is online");
	return status;
}
