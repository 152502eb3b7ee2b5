import { palette } from '../../web/palette.ts';

/** The page's one style sheet, inline; the server allows it by its hash. */
export const style = `
${palette}*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:62rem;margin:auto;padding:1.25rem 1rem 3rem;display:grid;gap:1rem;grid-template-columns:minmax(0,1fr)}
header{display:flex;flex-wrap:wrap;gap:.2rem .9rem;align-items:baseline}
h1{margin:0;font-size:1.25rem}
h2{margin:0;font-size:1.5rem;line-height:1.25;text-wrap:balance}
h3,caption{margin:0;font-size:.85rem;font-weight:600;color:var(--soft);text-align:left}
.sub,.live,.note,footer,.axis,.key{color:var(--soft);font-size:.9rem}
.live{margin-left:auto}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.7rem;padding:1rem 1.2rem;min-width:0}
.card p{margin:.35rem 0 0}
.good{color:var(--good)}.mild{color:var(--mild)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.verdict,.also{border-left:.35rem solid;color:var(--ink)}
.verdict.good{background:var(--good-bg);border-color:var(--good)}.verdict.mild{background:var(--mild-bg);border-color:var(--mild)}
.verdict.warn{background:var(--warn-bg);border-color:var(--warn)}.verdict.bad{background:var(--bad-bg);border-color:var(--bad)}
.also.mild{border-left-color:var(--mild)}.also.warn{border-left-color:var(--warn)}.also.bad{border-left-color:var(--bad)}
.also p{margin:0}.also p>span{font-weight:600;margin-right:.3rem}
.fix{display:flex;flex-wrap:wrap;gap:.5rem .7rem;align-items:center;margin-top:.7rem}
code{font:.85rem/1.5 ui-monospace,monospace;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .6rem;white-space:pre-wrap;max-width:100%}
.also code{background:var(--ground)}
.copy{display:none;font:inherit;font-size:.85rem;padding:.25rem .8rem;border:1px solid var(--line);border-radius:.4rem;background:var(--paper);color:var(--ink);cursor:pointer}
.js .copy{display:block}
ul,ol,dl{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
.tiles{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.2rem),1fr))}
.tiles .card{container-type:inline-size}
.tiles .big{font-size:clamp(1.05rem,13cqi,1.65rem);font-weight:650;line-height:1.2;margin:.15rem 0;white-space:nowrap}
.tiles .long{font-size:clamp(.7rem,11cqi,1.25rem);line-height:1.3;white-space:normal;hyphens:auto}
.tiles p{color:var(--soft);font-size:.9rem;margin:0}
.tiles p.big{color:var(--ink)}.tiles p.good{color:var(--good)}.tiles p.mild{color:var(--mild)}.tiles p.warn{color:var(--warn)}.tiles p.bad{color:var(--bad)}
.row{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1rem;align-items:baseline}
.key span{margin-left:.8rem}.key i{display:inline-block;width:.7rem;height:.5rem;border-radius:.1rem;margin-right:.3rem}
svg{display:block;width:100%;height:9rem;margin:.3rem 0}
svg.low{height:4rem}
.axis+.row{margin-top:1rem}
.ln{fill:none;stroke:var(--ptp);stroke-width:1.5;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.zero,.ev{stroke:var(--line);vector-effect:non-scaling-stroke}.ev{stroke:var(--warn);stroke-dasharray:3 3}
.bar{stroke:var(--ptp);opacity:.35;stroke-width:3;vector-effect:non-scaling-stroke}
.out{fill:var(--warn)}
.s-ptp{fill:var(--ptp);background:var(--ptp)}.s-ntp{fill:var(--ntp);background:var(--ntp)}.s-unsynced{fill:var(--bad);background:var(--bad)}
ol{gap:0;margin-top:.4rem}
li:not(.card){display:flex;flex-wrap:wrap;gap:0 1rem;padding:.25rem 0;border-top:1px solid var(--line)}li:not(.card):first-child{border:0}
li>span{flex:1 1 9rem}
time{color:var(--soft)}
details{border-top:1px solid var(--line);padding:.6rem 0}#details>:first-child{border:0}
summary{cursor:pointer;display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1rem}
summary span{color:var(--soft);text-align:right}
dl{gap:.1rem;margin-top:.5rem}
dl div{display:flex;justify-content:space-between;gap:1rem}
dt{color:var(--soft);flex:none;max-width:45%}
dd{margin:0;text-align:right}
#words dd{text-align:left;width:70%}
.scroll{overflow-x:auto;margin-top:.6rem}
table{border-collapse:collapse;width:100%}
th{font-weight:400;text-align:right;color:var(--soft)}
td,thead th{text-align:right;padding-left:.6rem;overflow-wrap:normal}
th:first-child{text-align:left;color:inherit;min-width:4rem;padding-left:0}
tr>*{border-top:1px solid var(--line);padding-block:.15rem}
footer{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
#gone{position:sticky;top:.5rem;z-index:1;max-width:62rem;margin:.5rem auto;padding:.5rem 1rem;border:1px solid;border-radius:.7rem;background:var(--bad-bg);color:var(--bad);font-weight:600}
#gone:not([hidden])+main{filter:grayscale(1)}#gone:not([hidden])+main .card{border-style:dashed}
`;
