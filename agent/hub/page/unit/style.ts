/** What only the page of a unit has. */
export const unitStyle = `
svg.day{height:190px;margin-top:.7rem}
svg.day text{font-size:.72rem;fill:var(--soft);stroke:var(--paper);stroke-width:4px;paint-order:stroke}
svg.day text.bad{fill:var(--bad)}
svg.src{margin-top:.5rem}p.key{margin:.2rem 0 0}
.gap{fill:var(--line);opacity:.55}
.lim{stroke:var(--bad);stroke-dasharray:5 4;fill:none;stroke-width:1.2;vector-effect:non-scaling-stroke}
.rel{stroke-dasharray:6 3}
.dot{fill:none;stroke:var(--warn);stroke-width:5;stroke-linecap:round;vector-effect:non-scaling-stroke}
.k-dot{background:var(--warn);border-radius:1rem}.k-gap{background:var(--line)}.k-rel{height:0!important;border-top:2px dashed var(--ptp);vertical-align:.25em}
.curve{margin-top:1.1rem}
.state{margin:0}.verdict .todo{margin-top:.6rem}
#findings{margin-top:.8rem}.also{border-top:1px solid var(--line);padding:.5rem 0}.also p{margin:0}
.ev{margin-top:.4rem}.ev time{min-width:3rem}.ev li>a{font-size:.85rem;white-space:nowrap}
p.fix{margin-bottom:0}
a.button{display:inline-block;max-width:100%;overflow-wrap:anywhere;font-size:.85rem;padding:.25rem .7rem;border:1px solid var(--line);border-radius:.4rem;text-decoration:none;color:var(--ink)}
@media(max-width:600px){.ev li>a{margin-left:4rem}.facts{grid-template-columns:minmax(0,1fr) minmax(0,1.4fr)}}
`;
