# What pandoc's MathML leaves undone, for the book (tools/book.sh) and the EPUB (tools/book.lua).

# browsers space names such as ln like a sign between two terms
s|<mo>\([A-Za-z][A-Za-z]*\)</mo>|<mo lspace="0.1em" rspace="0.17em">\1</mo>|g
s|rspace="0.17em">\([A-Za-z]*\)</mo>\(<mrow><mo stretchy="[a-z]*" form="prefix">\)|rspace="0">\1</mo>\2|g

# \Big/ is a sign, not a letter, and the size of \Big| wants a unit
s|<mi \(minsize="[0-9.]*" maxsize="[0-9.]*"\)>/</mi>|<mo \1 stretchy="false" lspace="0.1em" rspace="0.1em">/</mo>|g
s/minsize="\([0-9.]*\)" maxsize="[0-9.]*" stretchy="false"/minsize="\1em" maxsize="\1em" stretchy="true" symmetric="true"/g

# the sign for "parallel" has gaps around it, that of a norm has none
:norm
s|form="prefix">∥</mo>\([^∥]*\)form="postfix">∥</mo>|form="prefix">‖</mo>\1form="postfix">‖</mo>|
t norm

# the bar of \overline is drawn as a border, since the sign for it does not stretch everywhere
s|<mover>\(<msub><mi>[^<]*</mi><mrow>[^/]*\(</m[ion]>[^/]*\)*</mrow></msub>\)<mo accent="true">[¯‾]</mo></mover>|<mrow class="bar">\1</mrow>|g
s|<mover><mi>\([^<]*\)</mi><mo accent="true">[¯‾]</mo></mover>|<mrow class="bar"><mi>\1</mi></mrow>|g
