/** The page's one style sheet, inline; the server allows it by its hash. */
export const style = `
:root{color-scheme:light dark;--ink:#1a2126;--soft:#5b6770;--line:#dce1e5;--paper:#fff;--ground:#f3f5f6;
--good:#0a6b3d;--warn:#8a5300;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaed;--soft:#9aa6ae;--line:#313a41;--paper:#1b2227;--ground:#12171a;
--good:#5fd39a;--warn:#f0b354;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:62rem;margin:auto;display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr))}
header,footer{grid-column:1/-1}
header p{margin:.2rem 0;color:var(--soft)}
h1{margin:0;font-size:1.7rem;line-height:1.25}
h2{margin:0 0 .5rem;font-size:.8rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft)}
section{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:1rem;min-width:0}
section.wide{grid-column:1/-1}
.state{margin:0 0 .6rem;font-size:1.15rem;font-weight:600}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
dl{margin:0;display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.15rem .9rem}
dt{color:var(--soft)}
dd{margin:0;max-width:13rem;text-align:right;overflow-wrap:break-word}
.note{margin:.6rem 0 0;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
ul{margin:0;padding-left:1.2rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
.scroll{overflow-x:auto}
th{font-weight:400;text-align:right;color:var(--soft)}
td{text-align:right;padding-left:.9rem;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:anywhere}
tr+tr>*{border-top:1px solid var(--line)}
footer{color:var(--soft);font-size:.9rem}
`;
