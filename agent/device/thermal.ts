import type { HostFiles } from './hostfiles.ts';
import { cleanLine, parseMilliCelsius } from './proc.ts';

export interface Temperature {
  /** The kernel's name of the sensor; a second one of the same name is `name#2`. */
  readonly sensor: string;
  readonly celsius: number;
}

interface Sensor {
  readonly name: string;
  readonly file: string;
}

const thermalDir = '/sys/class/thermal';
const hwmonDir = '/sys/class/hwmon';

const zonesOf = (files: HostFiles): Sensor[] =>
  files
    .names(thermalDir)
    .filter((zone) => zone.startsWith('thermal_zone'))
    .map((zone) => ({
      name: cleanLine(files.text(`${thermalDir}/${zone}/type`)) ?? zone,
      file: `${thermalDir}/${zone}/temp`,
    }));

const inputsOf = (files: HostFiles, chip: string, chipName: string): Sensor[] =>
  files
    .names(`${hwmonDir}/${chip}`)
    .filter((input) => /^temp\d+_input$/.test(input))
    .map((input) => {
      const label = cleanLine(files.text(`${hwmonDir}/${chip}/${input.replace('input', 'label')}`));
      return {
        name: label === undefined ? chipName : `${chipName} ${label}`,
        file: `${hwmonDir}/${chip}/${input}`,
      };
    });

/** Every temperature that the kernel's thermal zones and hwmon chips give right now. */
export async function readTemperatures(files: HostFiles): Promise<Temperature[]> {
  const zones = zonesOf(files);
  // the kernel shows each thermal zone a second time in hwmon, with - turned into _ (thermal_hwmon.c)
  const shown = new Set(zones.map(({ name }) => name.replaceAll('-', '_')));
  const chips = files.names(hwmonDir).flatMap((chip) => {
    const name = cleanLine(files.text(`${hwmonDir}/${chip}/name`)) ?? chip;
    return shown.has(name) ? [] : inputsOf(files, chip, name);
  });

  const seen = new Map<string, number>();
  const readings = [...zones, ...chips].map(async ({ name, file }) => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    const celsius = parseMilliCelsius(await files.oftenText(file));
    return celsius === undefined ? [] : [{ sensor: nth === 1 ? name : `${name}#${nth}`, celsius }];
  });
  return (await Promise.all(readings)).flat();
}
