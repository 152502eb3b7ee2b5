/** The page's one style sheet, inline; the server allows it by its hash. */
export const style = `
:root{color-scheme:light dark;--ink:#16202a;--soft:#54626e;--line:#dde3e8;--paper:#fff;--ground:#f1f4f6;--link:#0b5cad;
--good:#0a6b3d;--good-bg:#e3f4ea;--warn:#855000;--warn-bg:#fdf0d9;--bad:#b3261e;--bad-bg:#fce8e6;--curve:#2f6fb5}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebef;--soft:#9dabb6;--line:#2c3740;--paper:#182129;--ground:#0f161b;--link:#7db7f5;
--good:#63d69d;--good-bg:#12342a;--warn:#f2b95f;--warn-bg:#3a2c12;--bad:#ff9188;--bad-bg:#40201e;--curve:#6fb0f2}}
*{box-sizing:border-box}
body{margin:0;padding:1.25rem 1rem 2.5rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:66rem;margin:auto;display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
header,footer,#clock,#problems{grid-column:1/-1}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .9rem}
h1{margin:0;font-size:1.6rem;line-height:1.25}
.health,.asof{margin:0}
.health a,.word{padding:.15rem .7rem;border-radius:2rem;font-weight:600;text-decoration:none}
.asof,footer{color:var(--soft);font-size:.9rem}
.asof{margin-left:auto}
h2,caption{margin:0 0 .6rem;font-size:.8rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);text-align:left}
section{background:var(--paper);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.15rem;min-width:0}
.good{color:var(--good)}.mild{color:var(--soft)}.warn{color:var(--warn)}.bad{color:var(--bad)}
a:has(.good),.word.good{background:var(--good-bg)}a:has(.warn),.word.warn{background:var(--warn-bg)}a:has(.bad),.word.bad{background:var(--bad-bg)}
#clock{display:grid;grid-template-columns:auto 1fr;gap:.35rem .9rem;align-items:baseline;padding:1.25rem 1.4rem}
#clock>*{grid-column:1/-1;margin:0}
#clock>.word{grid-column:1}
#clock>.sentence{grid-column:2;font-size:clamp(1.15rem,.9rem + 1.2vw,1.6rem);font-weight:600;line-height:1.3;text-wrap:balance}
.evidence{max-width:60rem}
.note{margin:.5rem 0 0;color:var(--soft);font-size:.9rem}
.curves{display:grid;gap:1rem 1.6rem;padding-top:.9rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,12.5rem),1fr))}
figure{margin:0;min-width:0}
figcaption,figure p{display:flex;justify-content:space-between;gap:.5rem;margin:0}
figure p,.empty{color:var(--soft);font-size:.85rem}
figcaption{color:var(--soft)}
b{color:var(--ink);font-size:1.15rem}
b,figure p span{white-space:nowrap}
svg{display:block;width:100%;height:3.5rem;margin:.2rem 0;border-bottom:1px solid var(--line)}
path{fill:none;stroke:var(--curve);stroke-width:1.3;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.state{margin:0 0 .5rem;font-size:1.1rem;font-weight:600}
dl,ul{margin:0;padding:0}
dl div{display:flex;justify-content:space-between;gap:1rem;padding:.12rem 0}
dt{color:var(--soft);overflow-wrap:normal}
dd{margin:0;text-align:right}
.scroll{overflow-x:auto;margin-top:.8rem}
table{border-collapse:collapse;width:100%}
caption{margin:0;padding-bottom:.2rem}
th{font-weight:400;text-align:right;color:var(--soft)}
td,thead th{text-align:right;padding-left:.6rem;overflow-wrap:normal}
th:first-child{text-align:left;color:inherit;min-width:4rem;padding-left:0}
thead th:first-child{color:var(--soft)}
tr>*{border-top:1px solid var(--line);padding-block:.15rem}
li{list-style:none;padding:.4rem 0}
li+li{border-top:1px solid var(--line)}
li>span:first-child{font-weight:600;margin-right:.4rem}
code{display:block;width:fit-content;max-width:100%;margin-top:.3rem;padding:.2rem .6rem;border-radius:.4rem;background:var(--ground);font:.9rem/1.5 ui-monospace,monospace}
code::before{content:"$ ";color:var(--soft)}
a{color:var(--link)}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
#gone{position:sticky;top:.5rem;z-index:1;max-width:66rem;margin:0 auto 1rem;padding:.5rem 1rem;border:1px solid;border-radius:.75rem;background:var(--bad-bg);color:var(--bad);font-weight:600}
#gone:not([hidden])+main section{border-style:dashed}
@media(max-width:21rem),(min-width:31rem) and (max-width:60rem){figure p span:nth-child(2){display:none}}
@media(max-width:30rem){#clock>.sentence{grid-column:1/-1}.asof{margin:0}}
`;
