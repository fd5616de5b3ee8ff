-- What the hosting site's Markdown means in the book: a filter for pandoc, called by tools/book.sh.
--
-- The environment says what the filter cannot know:
--   BOOK_PAGES  names of the pages that are docs/*.md, without .md
--   BOOK_DERIVED  a file with a line for each claim, "2.3 ch02_attention": the lecture that derives it
--   BOOK_HERE   the page that is being made
--   BOOK_UP     from the book's folder to the repository's; empty outside of it
--   BOOK_NOTES  a file that gets, line by line, what the index of formulas is made of
--   BOOK_SEARCH a file to which the page's sections are added, a row of docs/search.js each
--   BOOK_EPUB   "yes" where all pages are one document
--   BOOK_LANGUAGE  of a translation, docs/LANGUAGE/*.md: "zh"; empty for an original
local here, up, notes = os.getenv "BOOK_HERE" or "", os.getenv "BOOK_UP" or "", nil
local page_of, page_named = {}, {}
for page in (os.getenv "BOOK_PAGES" or ""):gmatch "%S+" do page_named[page] = true end
if os.getenv "BOOK_DERIVED" then
    for line in io.lines(os.getenv "BOOK_DERIVED") do
        local id, page = line:match "^(%S+) (%S+)$"
        page_of[id] = page_of[id] or page .. ".html"
    end
end
if os.getenv "BOOK_NOTES" then notes = io.open(os.getenv "BOOK_NOTES", "w") end
local function note(...)
    if not notes then return end
    for i, field in ipairs {...} do notes:write(i > 1 and "\t" or "", (field:gsub("%s+", " "))) end
    notes:write "\n"
end

local function html(text) return pandoc.RawBlock("html", text) end

-- ---- links and claims

local function claim_of(el)
    return el and el.t == "Strong" and pandoc.utils.stringify(el):match "^%[(%d+%.%d+)%]$"
end

-- A translation's page stands beside the original's: page.zh.html. What it does not have itself is the original's.
local language = os.getenv "BOOK_LANGUAGE" or ""
local function link(el)
    local page, anchor = el.target:match "^([%w_]+)%.md(.*)$"
    if language ~= "" and page then
        el.target = page .. "." .. language .. ".html" .. anchor
        return el
    end
    if language ~= "" then
        el.target = el.target:gsub("^%.%./", "")
        page, anchor = el.target:match "^([%w_]+)%.md(.*)$"
    end
    if page and page_named[page] then el.target = page .. ".html" .. anchor return el end
    if el.target:match "^%.%./README%.md" or el.target:match "^README%.md" then
        el.target = "index.html"
        return el
    end
    local within = {"^#", "^[%w_.-]+%.html", "^figures/", "^drawings/", "^%a[%w+.-]*:"}
    for _, pattern in ipairs(within) do
        if el.target:match(pattern) then return nil end
    end
    if up == "" then return el.content end
    el.target = up .. ("docs/" .. el.target):gsub("^docs/%.%./", "")
    return el
end

-- A reference [2.3] leads to the place where **[2.3]** is derived.
local function reference(el)
    local before, chapter, number, after = el.text:match "^(.-)%[(%d+)%.(%d+)%](.*)$"
    local id = chapter and chapter .. "." .. number
    local page = page_of[id or ""]
    if not page then return nil end
    local to = pandoc.Link("[" .. id .. "]", page .. "#claim-" .. id, "", {class = "claim"})
    return {pandoc.Str(before), to, pandoc.Str(after)}
end

-- A derivation **[2.3]** leads to what was measured, where the book has an index of claims.
local seen, has_claims = {}, os.getenv "BOOK_CLAIMS" == "yes"
local function derivation(el)
    local id = claim_of(el)
    if not id then return nil end
    local anchor = seen[id] and "" or "claim-" .. id
    seen[id] = true
    local text = "[" .. id .. "]"
    if not has_claims then return pandoc.Span(text, {id = anchor, class = "claim"}) end
    return pandoc.Link(text, "claims.html#claim-" .. id, "What was measured",
                       {id = anchor, class = "claim derived"})
end

-- ---- Chinese

-- Chinese marks are as wide as a letter and bring their own space: none is wanted after them. In the file there may
-- be one, since where the repository is hosted a formula begins after a space, and a line may end with a mark.
local wide_marks = {"，", "。", "；", "：", "、", "？", "！", "（", "）", "“", "”"}
local function mark_at_start(text)
    for _, mark in ipairs(wide_marks) do
        if text:sub(1, #mark) == mark then return mark end
    end
end
local function ends_in_mark(text)
    for _, mark in ipairs(wide_marks) do
        if text:sub(-#mark) == mark then return true end
    end
end

local function without_gaps(inlines)
    local out = pandoc.List()
    for _, el in ipairs(inlines) do
        local last, gap = out[#out], el.t == "Space" or el.t == "SoftBreak"
        local text = last and (last.t == "Str" or last.t == "Strong") and pandoc.utils.stringify(last) or ""
        if not (gap and ends_in_mark(text)) then out:insert(el) end
    end
    return out
end

-- ---- mathematics

-- Where pandoc's MathML is not what TeX means:
--   \mathrm{softmax}   browsers ignore its upright style, and respect \text's
--   \Big( ... \Big)^2  the closing one stays small; \left and \right grow
--   \mathrel{+}=       becomes two signs with a gap
--   \text{a} \times    stands close to the words in a fraction
local function mathml(tex)
    tex = tex:gsub("\\mathrm(%b{})", "\\text%1"):gsub("\\mathrel{%+}=", "\\;\\text{+=}\\;")
    tex = tex:gsub("(\\text%b{})%s*\\times%s*", "%1\\;\\times\\;")
    tex = tex:gsub("([^;%s])%s*\\times%s*\\text", "%1\\;\\times\\;\\text")
    local opened, closed = select(2, tex:gsub("\\[Bb]ig%(", "")), select(2, tex:gsub("\\[Bb]ig%)", ""))
    if opened == closed then tex = tex:gsub("\\[Bb]ig%(", "\\left("):gsub("\\[Bb]ig%)", "\\right)") end
    return tex
end

-- A long formula in a line may scroll on a small screen.
local function maths(el)
    local long = el.mathtype == "InlineMath" and #el.text > 40
    el.text = mathml(el.text)
    return long and pandoc.Span(el, {class = "long-maths"}) or el
end

local function short_formula_before_gap(out)
    local gap, formula = out[#out], out[#out - 1]
    return gap and gap.t == "Str" and gap.text == "\u{a0}" and formula and formula.t == "Math"
           and formula.mathtype == "InlineMath" and #formula.text <= 30
end

-- A full stop or bracket stays on the line of its formula, a claim on that of the word before it.
local function keep_together(inlines)
    local out = pandoc.List()
    inlines = without_gaps(inlines)
    for i = 2, #inlines - 1 do
        local gap = inlines[i].t == "Space" or inlines[i].t == "SoftBreak"
        if gap and claim_of(inlines[i + 1]) then inlines[i] = pandoc.Str "\u{a0}" end
    end
    for i = 1, #inlines do
        local el, last = inlines[i], out[#out]
        local after = el.t == "Str" and last and last.t == "Math" and last.mathtype == "InlineMath"
                      and (el.text:match "^[.,;:!?)%]’']+" or mark_at_start(el.text))
        local before = el.t == "Math" and el.mathtype == "InlineMath" and last and last.t == "Str"
                       and last.text:match "[(%[]$"
        if after then
            out[#out] = pandoc.Span({last, pandoc.Str(after)}, {class = "together"})
            if #el.text > #after then out:insert(pandoc.Str(el.text:sub(#after + 1))) end
        elseif before and #last.text == 1 then
            out[#out] = pandoc.Span({last, el}, {class = "together"})
        elseif claim_of(el) and short_formula_before_gap(out) then
            local gap, formula = out:remove(), out:remove()
            out:insert(pandoc.Span({formula, gap, el}, {class = "together"}))
        else
            out:insert(el)
        end
    end
    return out
end

-- ---- figures, boxes, listings

-- ![...](figures/chNN_name.svg), and as a paragraph of its own in italics the caption: what to see, and
-- last, in code, the command that draws it. On the hosting site the same is an image and an italic line.
local command_of = {}
local function figure(image, caption)
    local drawn = image.src:match "^figures/"
    local class = drawn and "figure plot" or "figure drawing"
    local command = caption[#caption]
    if drawn and (not command or command.t ~= "Code" or not command.text:match "^%./ch%d%d_[%w_]+ [%w-]+") then
        error(here .. ": " .. image.src
              .. " needs a caption in italics below it that ends with its `./chNN_name lab`")
    end
    if drawn then
        caption[#caption] = pandoc.Span(command, {class = "command"})
        command_of[image.src] = command.text
    end
    return {
        html('<figure class="' .. class .. '">'),
        pandoc.Plain {pandoc.Link({image}, image.src, "", {class = "enlarge"})},
        html "<figcaption>", pandoc.Plain(caption), html "</figcaption></figure>",
    }
end

local function only(block, kind)
    return block and block.t == "Para" and #block.content == 1 and block.content[1].t == kind
           and block.content[1]
end

-- [中文](zh/ch02_attention.md) alone in a paragraph, or [English](../ch02_attention.md): the page has such links anyway.
local function leads_to_translation(block)
    local link = only(block, "Link")
    return link and (link.target:match "^%l%l/[%w_]+%.md$" or link.target:match "^%.%./[%w_]+%.md$")
end

-- **By hand.**, **Try**, **Questions** and **Question.** begin a box.
local boxes = {["By hand."] = "hand", Try = "try", Questions = "questions", ["Question."] = "questions",
               ["手算。"] = "hand", ["试一试"] = "try", ["问题"] = "questions"}
local function box_of(block)
    local first = block.t == "Para" and block.content[1]
    return first and first.t == "Strong" and boxes[pandoc.utils.stringify(first)]
end

local function blocks(list)
    local out, i = pandoc.List(), 1
    while i <= #list do
        local image, caption = only(list[i], "Image"), only(list[i + 1], "Emph")
        local box = box_of(list[i])
        if leads_to_translation(list[i]) then
            i = i + 1
        elseif image and (caption or image.src:match "^figures/") then
            out:extend(figure(image, caption and caption.content or {}))
            i = i + (caption and 2 or 1)
        elseif box then
            out:insert(pandoc.Div({list[i]}, {class = "box " .. box}))
            i = i + 1
        else
            out:insert(list[i])
            i = i + 1
        end
    end
    return out
end

-- Listings of more lines than a page likes to keep together may break in print.
local function listing(el)
    if el.classes[1] == "math" then return pandoc.Para {pandoc.Math("DisplayMath", el.text)} end
    if select(2, el.text:gsub("\n", "")) > 15 then
        el.classes:insert "long"
        return el
    end
end

-- A short command or name does not break at its hyphens.
local function code(el)
    if #el.text <= 26 then el.classes:insert "short" return el end
end

local function comment(el)
    if not (el.format:match "html" and el.text:match "^<!%-%-") then return nil end
    return {}
end

local function wide(el) return pandoc.Div(el, {class = "table"}) end

-- ---- the claims beside a formula

local function only_display(block)
    local maths = only(block, "Math")
    return maths and maths.mathtype == "DisplayMath"
end

local function claims_in(block)
    local ids = pandoc.List()
    if block.t == "Para" then
        pandoc.walk_block(block, {Strong = function(el) ids:insert(claim_of(el) or nil) end})
    end
    return ids
end

-- The sentence of a display goes on over the paragraphs next to it: one that leads to it does not end in a full
-- stop, one that goes on from it does not begin with a capital. Without claims there, those of the next one.
local function claims_beside(list, i)
    if not only_display(list[i]) then return claims_in(list[i]) end
    local first, last = i - 1, i + 1
    while only_display(list[first]) do first = first - 1 end
    while only_display(list[last]) do last = last + 1 end
    local before, after, ids = list[first], list[last], pandoc.List()
    if before and not pandoc.utils.stringify(before):match "[.!?]$" then ids:extend(claims_in(before)) end
    if after and (#ids == 0 or not pandoc.utils.stringify(after):match "^%u") then ids:extend(claims_in(after)) end
    return ids
end

-- Where the claims with their full stop begin the paragraph after a display, they move to its line.
local function take_claims(block)
    local taken, content = pandoc.List(), block and block.t == "Para" and block.content or {}
    while claim_of(content[1]) do
        taken:insert(content:remove(1))
        local mark = content[1] and content[1].t == "Str"
                     and (content[1].text:match "^[.,:;]" or mark_at_start(content[1].text))
        if mark then
            taken:insert(pandoc.Str(mark))
            content[1].text = content[1].text:sub(#mark + 1)
            if content[1].text == "" then content:remove(1) end
        end
        local gap = content[1] and (content[1].t == "Space" or content[1].t == "SoftBreak")
        if gap then content:remove(1) end
    end
    return taken
end

-- ---- formulas: every display gets the section's number and a letter

local function letter(n) return string.char(96 + n) end

local function number_formulas(doc)
    local section, count, beside = nil, 0, {}
    for i, block in ipairs(doc.blocks) do beside[i] = claims_beside(doc.blocks, i) end
    local function number(el, claims)
        if el.mathtype ~= "DisplayMath" then return nil end
        if not section then return pandoc.Span(el, {class = "maths"}) end
        count = count + 1
        local id = section .. letter(count)
        note("formula", id, el.text)
        for _, claim in ipairs(claims) do note("claim", claim) end
        local mark = pandoc.Link(id, "#formula-" .. id, "", {class = "number"})
        return pandoc.Span({pandoc.Span(el, {class = "maths"}), mark}, {id = "formula-" .. id, class = "display"})
    end
    for i, block in ipairs(doc.blocks) do
        if block.t == "Header" and block.level == 2 then
            local title = pandoc.utils.stringify(block)
            section, count = title:match "^(%d+%.%d+) ", 0
            if section then note("section", section, block.identifier, title) end
        end
        local image = block.t == "Plain" and block.content[1].t == "Link" and block.content[1].target
        if command_of[image] then note("figure", image, command_of[image]) end
        if block.t == "RawBlock" and block.text:match "^<!%-%- code: " then
            note("code", (block.text:match "^<!%-%- code: (.-) *%-%->"))
        end
        local taken = only_display(block) and take_claims(doc.blocks[i + 1]) or {}
        doc.blocks[i] = pandoc.walk_block(pandoc.Div {block}, {
            Inlines = function(inlines)
                for k, el in ipairs(inlines) do
                    if el.t == "Math" then inlines[k] = number(el, beside[i]) or el end
                end
                return inlines
            end,
        }).content[1] or block
        if #taken > 0 then doc.blocks[i].content[1].content:insert(2, pandoc.Span(taken, {class = "measured"})) end
    end
    return doc
end

-- ---- what the search knows of the page

-- The words of a section: prose, code in the text, names of the functions shown; no formulas, no listings.
local function words_of(block)
    if block.t == "CodeBlock" then return "" end
    if block.t == "RawBlock" then return block.text:match "^<!%-%- code: %S+ (.-) *%-%->" or "" end
    local text = pandoc.walk_block(block, {
        RawInline = function() return {} end,
        RawBlock = function() return {} end,
        CodeBlock = function() return {} end,
        Math = function(el) return pandoc.Str(el.mathtype == "InlineMath" and #el.text < 12 and el.text or "...") end,
    })
    local words = pandoc.List()
    pandoc.walk_block(pandoc.Div {text}, {
        Para = function(el) words:insert(pandoc.utils.stringify(el)) end,
        Plain = function(el) words:insert(pandoc.utils.stringify(el)) end,
    })
    return table.concat(words, " ")
end

-- A word of the glossary is a place of its own: **Head.** What it is.
local function glossary_word(block)
    local first = here == "glossary" and block.t == "Para" and block.content[1]
    if not first or first.t ~= "Strong" then return nil end
    local word = pandoc.utils.stringify(first):gsub("%.$", "")
    return word, "word-" .. word:lower():gsub("[^%w]+", "-")
end

local function glossary_entry(block)
    local word, id = glossary_word(block)
    if not word then return nil end
    block.content[1] = pandoc.Span({block.content[1]}, {id = id})
    return block
end

local function search_rows(doc)
    if not os.getenv "BOOK_SEARCH" then return nil end
    local out = assert(io.open(os.getenv "BOOK_SEARCH", "a"))
    local link, title, words = here .. ".html", "", pandoc.List()
    local function quoted(text) return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%s+", " ") .. '"' end
    local whole = pandoc.utils.stringify(doc.blocks[1] or "")
    local function flush()
        if title == "" or (here == "glossary" and title:match "^%u$") then return end
        if title ~= whole and not title:match "^%d" and not here:match "%." then title = title .. " (" .. whole .. ")" end
        out:write("[", quoted(link), ",", quoted(title), ",", quoted(table.concat(words, " ")), "],\n")
        words = pandoc.List()
    end
    for _, block in ipairs(doc.blocks) do
        local word, id = glossary_word(block)
        if word then
            flush()
            title, link, words = word, here .. ".html#" .. id, pandoc.List {words_of(block)}
        elseif block.t == "Header" and block.level <= 3 then
            flush()
            title = pandoc.utils.stringify(block):gsub("\\(%a+)", "%1")
            link = here .. ".html" .. (block.level > 1 and "#" .. block.identifier or "")
        else
            local more = words_of(block)
            if more ~= "" then words:insert(more) end
        end
    end
    flush()
    out:close()
end

-- arXiv:1706.03762 leads to the paper, for whoever has a network.
local function paper(el)
    local id, after = el.text:match "^arXiv:(%d%d%d%d%.%d%d%d%d%d?)(.*)$"
    if not id then return nil end
    return {pandoc.Link("arXiv:" .. id, "https://arxiv.org/abs/" .. id), pandoc.Str(after)}
end

-- A translation's figures are the original's: ../figures/x.svg.
local function image(el)
    if language == "" then return nil end
    el.src = el.src:gsub("^%.%./", "")
    return el
end

-- In an EPUB all pages are one document: what is linked is a place in it, not a file. A page's is its title.
local epub = os.getenv "BOOK_EPUB" == "yes"
local function within(el)
    if not epub then return nil end
    local page, anchor = el.target:match "^([%w_.-]+)%.html(#?.*)$"
    if page and anchor ~= "" then el.target = anchor return el end
    if page and page_named[page] then el.target = "#" .. page return el end
    if not el.target:match "^#" and not el.target:match "^%a[%w+.-]*:" then return el.content end
end

local function named_titles(doc)
    if not epub then return nil end
    local names = (os.getenv "BOOK_PAGES"):gmatch "%S+"
    for _, block in ipairs(doc.blocks) do
        if block.t == "Header" and block.level == 1 then block.identifier = names() end
    end
    return doc
end

-- ---- an EPUB's formulas: no reader breaks them, so a long one is written in parts, between which a line may end

local function set(words)
    local out = {}
    for word in words:gmatch "%S+" do out[word] = true end
    return out
end
local opens = set [[( [ { \{ \left \begin \lvert \lVert \lceil \lfloor \langle]]
local closes = set [[) ] } \} \right \end \rvert \rVert \rceil \rfloor \rangle]]
local fences = set [[| \Big| \big|]]
local relations = set [[= < > \le \ge \approx \propto \lesssim \gtrsim \equiv \sim \leftarrow]]
local gaps = set [[\qquad \quad]]
local thin = set [[\; \, \! \ ]]

-- TeX's signs: a command, with the sign that \left and its like belong to; or one letter.
local function signs(tex)
    local out, i = pandoc.List(), 1
    while i <= #tex do
        local sign = tex:match("^\\[Bb]igg?[lr]?|", i) or tex:match("^\\%a+", i) or tex:match("^\\.", i)
                     or tex:match("^%s+", i) or tex:match("^[%z\1-\127\194-\244][\128-\191]*", i)
        i = i + #sign
        local delimiter = (sign == "\\left" or sign == "\\right") and tex:match("^%s*(\\?.)", i)
        if delimiter then
            local from, to = tex:find("^%s*\\?%a*", i)
            to = delimiter:match "^\\%a" and to or from + #tex:match("^%s*\\?.", i) - 1
            sign, i = sign .. tex:sub(from, to), to + 1
        end
        out:insert(sign)
    end
    return out
end

-- The parts: a new one begins with a relation, with a plus or minus between two terms, and after a gap, which is then
-- the first part's `gap`. A single part where brackets do not match.
local function parts(tex)
    local out, part, depth, fence, before = pandoc.List(), "", 0, false, nil
    for _, sign in ipairs(signs(tex)) do
        local name = sign:match "^(\\left)%A" or sign:match "^(\\right)%A" or sign
        local top, binary = depth == 0 and not fence, (sign == "+" or sign == "-") and not relations[before]
        if top and gaps[sign] then
            out:insert {tex = part, gap = true}
            part, before = "", nil
        else
            if top and before and before ~= "," and (relations[sign] or binary) then
                out:insert {tex = part}
                part = "{}"
            end
            part = part .. sign
            if not thin[sign] and not sign:match "^%s" then before = sign end
        end
        depth = depth + (opens[name] and 1 or closes[name] and -1 or 0)
        fence = fence ~= (fences[sign] or false)
        if depth < 0 then break end
    end
    out:insert {tex = part}
    return depth == 0 and not fence and out or {{tex = tex}}
end

-- Pandoc's line for a formula without the TeX that it puts beside it, and which readers without MathML print: a voice
-- reads it now. A part of a display is in line with the others; the sign that it begins with has room on both sides.
local function formula(line, is_part)
    local head, body, tex = line:match "^<math([^>]*)><semantics>(.*)<annotation[^>]*>(.*)</annotation></semantics></math>"
    if not head then return line end
    if is_part then head = head:gsub('display="block"', 'display="inline" displaystyle="true"') end
    body = body:gsub("^<mrow><mrow></mrow><mo>([^<]*)</mo>", function(sign)
        local space = (sign == "+" or sign == "−") and "0.22em" or "0.28em"
        return '<mrow><mo form="infix" lspace="' .. space .. '" rspace="' .. space .. '">' .. sign .. "</mo>"
    end)
    return '<math alttext="' .. tex:gsub("^{}", ""):gsub('"', "&quot;") .. '"' .. head .. ">" .. body .. "</math>"
end

-- Pandoc writes an EPUB's formulas where nobody can mend them: here they are written before.
local function mended_mathml(doc)
    if not epub then return nil end
    local lines, formulas = pandoc.List(), pandoc.List()
    local options = {html_math_method = "mathml", wrap_text = "wrap-none"}
    doc:walk {Math = function(el)
        local of = #el.text > 40 and parts(el.text) or {{tex = el.text}}
        for _, part in ipairs(of) do
            local maths = pandoc.Pandoc {pandoc.Plain {pandoc.Math(el.mathtype, part.tex)}}
            lines:insert((pandoc.write(maths, "html", options):gsub("\n", " ")))
        end
        formulas:insert(of)
    end}
    local mended = pandoc.pipe("sed", {"-f", "tools/book_mathml.sed"}, table.concat(lines, "\n") .. "\n")
    local next_line, k = mended:gmatch "[^\n]+", 0
    return doc:walk {Math = function()
        k = k + 1
        local out, count = '<span class="group">', #formulas[k]
        for i, part in ipairs(formulas[k]) do
            out = out .. formula(next_line(), count > 1)
            if i < count and not part.gap then out = out .. "\u{200b}" end
            if part.gap then out = out .. '</span><span class="gap"> </span><span class="group">' end
        end
        return pandoc.RawInline("html", count == 1 and out:match ">(.*)" or out .. "</span>")
    end}
end

return {
    {Image = image, Pandoc = search_rows},
    {Para = glossary_entry},
    {Blocks = blocks},
    {Pandoc = number_formulas},
    {RawBlock = comment, RawInline = comment, Link = link, CodeBlock = listing, Code = code, Inlines = keep_together},
    {Str = function(el) return reference(el) or paper(el) end, Math = maths, Table = wide}, {Strong = derivation},
    {Link = within, Pandoc = named_titles}, {Pandoc = mended_mathml},
}
