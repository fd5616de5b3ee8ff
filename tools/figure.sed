# sed -f tools/figure.sed plots/NAME.svg >docs/figures/chNN_NAME.svg: gnuplot's drawing, with colours for a
# dark page as well. The rules lie in the figure itself and bring the ground along, so that it is
# legible in the book, where the repository is hosted, and opened alone.
/^<desc>/a\
<style>\
@media (prefers-color-scheme: dark) {\
  [fill="#ffffff"] { fill: #1f2226 }\
  [color="black"], [color="rgb(  0,   0,   0)"] { color: #d8d6d1 }\
  [fill="black"] { fill: #d8d6d1 }\
  [stroke="black"], [stroke="rgb(  0,   0,   0)"] { stroke: #d8d6d1 }\
  [color="#FFFFFF"] { color: #1f2226 }\
  [color="rgb( 68,  68,  68)"] { color: #b0b3b8 }\
  [stroke="rgb(204, 204, 204)"] { stroke: #43484f }\
  [color="rgb(  0, 114, 178)"] { color: #4392d6 }\
  [stroke="rgb(  0, 114, 178)"] { stroke: #4392d6 }\
  [color="rgb(213,  94,   0)"] { color: #ec7a2c }\
  [stroke="rgb(213,  94,   0)"] { stroke: #ec7a2c }\
  [color="rgb(  0, 158, 115)"] { color: #24b98c }\
  [stroke="rgb(  0, 158, 115)"] { stroke: #24b98c }\
}\
</style>
