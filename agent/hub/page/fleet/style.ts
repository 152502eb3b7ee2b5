/** What the fleet's page has beside the style of all pages of the hub. */
export const fleetStyle = `
.tally{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin-top:.9rem}.tally a{color:var(--ink);text-decoration:none}.tally a:hover{text-decoration:underline}.tally b{font-size:1.05rem;margin-right:.15rem}
.e>div+div{margin-top:1rem}.e h3{padding:.2rem 0 .5rem}
.e li{display:grid;grid-template-columns:7.8rem 11rem minmax(0,1fr) 7.5rem;gap:.1rem 1rem;padding:.7rem 0;border-top:1px solid var(--line)}
.e li>b{font-weight:600;overflow-wrap:anywhere}.e li>b small{font-weight:400}.e li>b a{text-decoration:none}.e li>b a:hover{text-decoration:underline}
.e p{margin:0;overflow-wrap:anywhere}.e li p+p{color:var(--soft);font-size:.9rem;margin-top:.1rem}.e li>.n{color:var(--soft);font-size:.875rem;white-space:normal}
.e code{padding:0 .3rem}.e details{margin-top:1rem}.e details p{margin:.3rem 0 0}.e>.sub{margin-top:.5rem}
.hist{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);margin-top:.9rem}
.hist>div{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));align-items:end;column-gap:2px;padding-right:2px;grid-template-rows:auto auto}
.hist>div>*{min-height:10rem}.hist a,.hist span{display:flex;flex-direction:column;justify-content:flex-end;border-bottom:1px solid var(--soft);text-decoration:none;margin-right:-2px;padding-right:2px}
.hist a:hover{background:var(--ground)}.hist b{font-size:.68rem;font-weight:400;color:var(--soft);text-align:center;line-height:1.3}
.hist small{grid-column:1/-1;min-height:0;white-space:nowrap;padding-top:.15rem}
.f-rel{fill:url(#hatch);stroke:var(--ptp);stroke-width:1.5}#hatch path{stroke:var(--ptp);stroke-width:1.5}.key .f-rel{border:1px solid var(--ptp);background:repeating-linear-gradient(45deg,var(--ptp) 0 1px,transparent 1px 4px)}.defs{position:absolute;width:0}
.key{margin:.4rem 0 0}#claim>p{margin:.4rem 0 0}#claim h3+p{margin-top:.4rem}#claim details{margin-top:.6rem}
.gap{display:grid;grid-template-columns:minmax(0,1.2fr) minmax(0,1fr) minmax(0,1.4fr);gap:.2rem 1.2rem;margin:.7rem 0}.gap div{font-size:.8rem;color:var(--soft)}.gap b{display:block;font-size:1.15rem;color:var(--ink);line-height:1.3;overflow-wrap:anywhere}.gap b.bad{color:var(--bad)}
.axes text{fill:var(--soft);font-size:.75rem;text-anchor:middle}.axes line{stroke-width:2}.axes .base{stroke:var(--line);stroke-width:1}.claimed{stroke:var(--good)}.measured{stroke:var(--bad)}
.ev time{min-width:5rem}
.worst .n{width:1%}.from .b{display:block}tbody th a{color:var(--link)}tbody th a,td a{text-decoration:none}tbody th a:hover,td a:hover{text-decoration:underline}
form.f{display:flex;flex-wrap:wrap;gap:.5rem;margin:.7rem 0 .4rem}form.f input[type=search]{flex:1 1 14rem}form.f select{max-width:14rem}
.chips{gap:.2rem 1.1rem;font-size:.875rem;margin-bottom:.6rem}.chips a{padding:0;overflow-wrap:anywhere;color:var(--link)}.chips a[aria-current]{background:none;box-shadow:none}
#units p.warn{margin:.3rem 0}#pager{margin-top:.7rem}#pager a{color:var(--link);padding:0}
.all tbody tr:hover{background:var(--ground)}.all tr.q>*{color:var(--soft)}
.all tbody th{overflow-wrap:anywhere;max-width:19rem}.all td:nth-child(n+4){text-align:right;white-space:nowrap}.all td:nth-child(3),.all td:nth-child(7){text-align:left;color:var(--soft)}
#words{border:0;padding:0}#words dl div{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:.1rem 1rem;padding:.2rem 0;font-size:.9rem}#words dd{text-align:left}
@media(max-width:1040px){.two{grid-template-columns:minmax(0,1fr)}}
@media(max-width:1179px){.all td:nth-child(3){white-space:nowrap}.all .bar{width:1.6rem;margin-left:.4rem}.all th,.all td{padding-right:.6rem}.all td:nth-child(7),.all .v{display:none}}
@media(min-width:1180px){.all{table-layout:fixed}.all tr>:nth-child(1),.all tr>:nth-child(3){width:8.3rem}.all tr>:nth-child(4){width:12.5rem}.all tr>:nth-child(5){width:6.4rem}.all tr>:nth-child(6){width:9rem}.all tr>:nth-child(7),.all tr>:nth-child(8){width:5.6rem}.all td:nth-child(3){overflow-wrap:anywhere}.all td:nth-child(6){white-space:normal;overflow-wrap:anywhere}.all td:nth-child(7){overflow:hidden;text-overflow:ellipsis}.all thead th{position:sticky;top:0;background:var(--paper);z-index:1;box-shadow:0 1px var(--line)}}
@media(min-width:741px) and (max-width:860px){.all tbody th small{display:none}}
@media(min-width:741px) and (max-width:1179px){.all th,.all td:nth-child(6){white-space:normal}}
@media(max-width:860px){
.e li{grid-template-columns:7.8rem minmax(0,1fr) auto}.e li>div{grid-column:1/-1}.e li>.n{grid-row:1;grid-column:3}}
@media(max-width:740px){.e li{grid-template-columns:minmax(0,1fr) auto}.e li>b{grid-column:1/-1;grid-row:2}.e li>.n{grid-column:2}
.gap{gap:.2rem .8rem}.gap b{font-size:1rem}form.f>*{flex:1 1 40%}form.f select{max-width:100%}form.f input[type=search]{flex-basis:100%}.hist b{display:none}.hist div:nth-child(even) small{visibility:hidden}
.worst .bar{width:2.2rem}.w{min-width:6.2rem}.axes text{font-size:.68rem}
.all thead,.from thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.all tbody tr{display:grid;grid-template-columns:auto minmax(0,1fr) auto;gap:0 .7rem;padding:.45rem 0;border-top:1px solid var(--line)}.all tbody tr>*{border:0;padding:0}
.all tbody th{order:-2;grid-column:1/3;font-weight:600;max-width:none}.all tbody th small{font-weight:400}.all td:first-child{order:-1;text-align:right}
.all td:nth-child(n+3){font-size:.8rem;color:var(--soft)}.all td:empty{display:none}.all td:nth-child(4){order:1}.all td:nth-child(5):not(:empty){text-align:left}.all td:nth-child(5)::before{content:"RTT "}
.all td:nth-child(6)::after{content:" waiting"}.all td:nth-child(6){order:2;grid-column:1/-1;text-align:left}.all td:nth-child(6):not(.wt),.all td:nth-child(8):not(.gone){display:none}.all td.gone{order:1;grid-column:1/-1;text-align:left}.all td.gone::before{content:"silent for "}
.from tbody tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 .7rem;padding:.35rem 0;border-top:1px solid var(--line)}.from tbody tr>*{border:0;padding:0}.from td:nth-child(2)::before{content:"units "}.from td:nth-child(n+3){font-size:.8rem}#words dl div{grid-template-columns:minmax(0,1fr)}}
`;
