/** The colours of all pages, by what they mean, in both schemes. */
export const palette = `:root{color-scheme:light dark;--ink:#12202b;--soft:#53626f;--line:#dfe5ea;--paper:#fff;--ground:#f3f5f7;--link:#0b5cad;
--good:#0a6b3d;--good-bg:#e6f5ec;--mild:#53626f;--mild-bg:#e9edf0;--warn:#855000;--warn-bg:#fff2dc;--bad:#b3261e;--bad-bg:#fdeae8;--ptp:#2563a8;--ntp:#7d5fc0}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf1;--soft:#9dabb6;--line:#2a363f;--paper:#151d24;--ground:#0d1318;--link:#7db7f5;
--good:#63d69d;--good-bg:#11301f;--mild:#9dabb6;--mild-bg:#222c34;--warn:#f2b95f;--warn-bg:#33270f;--bad:#ff9188;--bad-bg:#3a1c1a;--ptp:#73b1f0;--ntp:#b9a4ec}}
`;
