/** What the page of the hub has besides the style of all pages. */
export const hubOverviewStyle = `
.scroll:focus-visible{outline-offset:4px}
.also{margin-top:.4rem}.also li{border-top:1px solid var(--line);padding:.5rem 0}.also li:first-child{border:0}.also p{margin:0}
#streams svg.bar{display:block;width:100%;min-width:5rem;height:.5rem;margin:.3rem 0 .15rem;fill:var(--ptp)}#streams svg.bar.warn{fill:var(--warn)}#streams svg.bar.bad{fill:var(--bad)}
.lim{width:22%}td.lim{vertical-align:middle}
td.w,th.w{min-width:6.5rem}
.trips{display:grid;grid-template-columns:repeat(20,minmax(0,1fr));gap:2px;align-items:end;height:7.4rem;border-bottom:1px solid var(--soft);margin-top:.7rem}
.trips a{display:flex;flex-direction:column;justify-content:flex-end;height:100%;text-decoration:none}.trips a:hover{background:var(--ground)}
.trips b{font-size:.68rem;font-weight:400;color:var(--soft);text-align:center;line-height:1.3}.trips svg{overflow:hidden}
.minutes{height:4.75rem;margin-top:.4rem}.unseen{fill:var(--line)}
.came{color:var(--link)}
#links table,#events .ev{margin-top:.8rem}
.filter,.chips,.pages{display:flex;flex-wrap:wrap;gap:.4rem .6rem;align-items:center;margin:.6rem 0}
.filter input[type=search]{flex:1 1 11rem}.filter label{font-size:.85rem;color:var(--soft)}
.chip{border:1px solid var(--line);border-radius:1rem;padding:.05rem .7rem;font-size:.85rem;text-decoration:none;overflow-wrap:anywhere}
.pages{justify-content:center;gap:1rem}
.words{margin-top:.5rem;font-size:.9rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.4rem 1.6rem}.words dt{color:var(--ink);font-weight:600}.words dd{text-align:left;color:var(--soft)}
#glossary details{border:0;padding:0}
th[aria-sort] a{color:var(--ink)}th[aria-sort=descending] a::after{content:" ↓"}th[aria-sort=ascending] a::after{content:" ↑"}
@media(max-width:860px){.hm{display:none}#servers :is(td,th),#streams :is(td,th),#linklist :is(td,th){padding-right:.5rem}}
@media(max-width:600px){.trips b{display:none}#servers table,#streams table,#linklist table{min-width:40rem}}
`;
