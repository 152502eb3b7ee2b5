import { palette } from '../../../web/palette.ts';

/** The one style sheet of the hub's pages, inline; the server allows it by its hash. No style attribute is allowed: bars are SVG. */
export const hubStyle = `
${palette}*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:.9375rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:76rem;margin:auto;padding:1.25rem 1rem 3rem;display:grid;gap:1rem;grid-template-columns:minmax(0,1fr)}
header{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline}
h1{font-size:1.15rem;margin:0;overflow-wrap:anywhere}
h2{margin:0;font-size:1.45rem;line-height:1.25;text-wrap:balance;overflow-wrap:anywhere}
h3,.h{margin:0;font-size:.8rem;font-weight:600;color:var(--soft)}
.sub,.note,footer,.axis,.key{color:var(--soft);font-size:.875rem}
p.sub{margin:.4rem 0 0}
.live{margin-left:auto;color:var(--soft);font-size:.875rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem}
nav a{padding:.1rem .6rem;border-radius:.4rem;text-decoration:none;color:var(--soft)}
nav a[aria-current]{background:var(--paper);color:var(--ink);font-weight:600;box-shadow:0 0 0 1px var(--line)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.7rem;padding:1rem 1.2rem;min-width:0}
.verdict{border-left:.35rem solid}
.verdict.good{background:var(--good-bg);border-color:var(--good)}.verdict.mild{background:var(--mild-bg);border-color:var(--mild)}
.verdict.warn{background:var(--warn-bg);border-color:var(--warn)}.verdict.bad{background:var(--bad-bg);border-color:var(--bad)}
.verdict p{margin:.35rem 0 0}
.good{color:var(--good)}.mild{color:var(--mild)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.verdict.good,.verdict.mild,.verdict.warn,.verdict.bad{color:var(--ink)}
ul,ol,dl{list-style:none;margin:0;padding:0}
.row{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1rem;align-items:baseline}
.tiles{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.2rem),1fr))}
.tiles p{margin:0;overflow-wrap:anywhere;color:var(--soft);font-size:.875rem}
.big{font-size:1.65rem;font-weight:650;line-height:1.2;margin:.15rem 0}
.two{display:grid;gap:1rem;grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.col{display:grid;gap:1rem;align-content:start;grid-template-columns:minmax(0,1fr)}
@media(max-width:860px){.two{grid-template-columns:minmax(0,1fr)}}
.s{white-space:nowrap;color:var(--k)}
.s::before{content:"";display:inline-block;width:.95em;height:.95em;margin-right:.45em;vertical-align:-.1em;background:var(--k,currentColor);mask:var(--g) center/contain no-repeat;forced-color-adjust:none}
.st-critical,.st-offline{--k:var(--bad);font-weight:600}.st-degraded,.st-unknown{--k:var(--warn);font-weight:600}.st-healthy{--k:var(--good)}.st-stopped,.st-away,.st-invited{--k:var(--soft)}
.st-critical{--g:url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5zM7 3.6v5.6h2V3.6zM7 10.6v2h2v-2z'/></svg>")}
.st-offline{--g:url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path fill='none' stroke='red' stroke-width='1.9' d='M8 1.6a6.4 6.4 0 100 12.8A6.4 6.4 0 008 1.6zM4 12l8-8'/></svg>")}
.st-degraded,.st-unknown{--g:url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='M8 .9L15.6 14.8H.4zM7.1 5.4V10h1.8V5.4zM7.1 11.2V13h1.8v-1.8z'/></svg>")}
.st-healthy{--g:url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='M8 1a7 7 0 100 14A7 7 0 008 1zM6.9 11.6L3.6 8.2l1.3-1.3 2 2.1 4.2-4.8 1.4 1.2z'/></svg>")}
.st-stopped{--g:url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path fill='none' stroke='red' stroke-width='1.9' d='M2 2h12v12H2zM6.3 5v6M9.7 5v6'/></svg>")}
.st-invited,.st-away{--g:url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6.4' stroke-dasharray='3 2.1' fill='none' stroke='red' stroke-width='1.9'/></svg>")}
table{border-collapse:collapse;width:100%;font-size:.875rem}
.row+table,.h+table,h3+table{margin-top:.3rem}
caption{text-align:left;font-size:.8rem;font-weight:600;color:var(--soft)}
th{text-align:left;font-size:.78rem;font-weight:600;color:var(--soft);padding:.3rem .9rem .3rem 0;white-space:nowrap}
thead a{color:inherit}th a,td a{text-decoration:none}tbody a:hover{text-decoration:underline}
tbody th{font-size:.875rem;font-weight:400;color:inherit;white-space:normal;padding:.28rem .9rem .28rem 0;vertical-align:baseline}
td{padding:.28rem .9rem .28rem 0;vertical-align:baseline}
tbody tr>*{border-top:1px solid var(--line)}
tr>:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
.nw{white-space:nowrap}.w{overflow-wrap:anywhere}.m{color:var(--soft)}
small{color:var(--soft);font-size:.78rem}
small.b{display:block}
svg{display:block;width:100%;overflow:visible}
svg.bar{display:inline-block;width:3.2rem;height:.4rem;margin-left:.6rem;vertical-align:.1em;fill:var(--soft);background:var(--line);border-radius:.2rem;overflow:hidden}
svg.bar.warn{fill:var(--warn)}svg.bar.bad{fill:var(--bad)}
.axis{display:flex;justify-content:space-between;font-size:.78rem}
.key{font-size:.8rem;display:flex;flex-wrap:wrap;gap:0 .9rem}
.key i{display:inline-block;width:.7rem;height:.5rem;border-radius:.1rem;margin-right:.35rem}
.ln{fill:none;stroke:var(--ptp);stroke-width:1.5;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.zero{stroke:var(--line);fill:none;stroke-width:1;vector-effect:non-scaling-stroke}
.f-ptp{fill:var(--ptp);background:var(--ptp)}.f-ntp{fill:var(--ntp);background:var(--ntp)}.f-unsynced{fill:var(--bad);background:var(--bad)}.f-warn{fill:var(--warn);background:var(--warn)}
code{font:.83rem/1.5 ui-monospace,monospace;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .6rem;white-space:pre-wrap;max-width:100%;overflow-wrap:anywhere}
.fix{display:flex;flex-wrap:wrap;gap:.5rem .7rem;align-items:center;margin-top:.7rem}
button,input,select{font:inherit;font-size:.85rem;padding:.25rem .7rem;border:1px solid var(--line);border-radius:.4rem;background:var(--paper);color:var(--ink);min-width:0;max-width:100%}
button{cursor:pointer}
button.p{background:var(--link);border-color:var(--link);color:var(--paper);font-weight:600}
.copy{display:none}.js .copy{display:block}
.ev li{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.3rem 0;border-top:1px solid var(--line);font-size:.9rem}.ev li:first-child{border:0}
.ev li>span{flex:1 1 12rem;min-width:0;overflow-wrap:anywhere}
time{color:var(--soft);flex:none}
details{border-top:1px solid var(--line);padding:.55rem 0}summary{cursor:pointer}
.facts{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.3rem 1.2rem;margin:.5rem 0 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
.scroll{overflow-x:auto;background:linear-gradient(to left,var(--paper) 50%,transparent) right/2.5rem 100% no-repeat local,linear-gradient(to left,var(--line),transparent) right/1.1rem 100% no-repeat}.scroll :is(td,th).w{min-width:6.5rem}
.hide{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
footer{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem}
@media(max-width:600px){.card{padding:.9rem 1rem}.big{font-size:1.35rem}.live{margin-left:0}.hs{display:none}th,th.n{white-space:normal}}
#gone{position:sticky;top:.5rem;z-index:1;max-width:76rem;margin:.5rem auto;padding:.5rem 1rem;border:1px solid;border-radius:.7rem;background:var(--bad-bg);color:var(--bad);font-weight:600}
#gone:not([hidden])+main{filter:grayscale(1)}#gone:not([hidden])+main .card{border-style:dashed}
`;
