import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confFileOf, piServoOf } from '../../../../agent/clock/ptp4l/servosettings.ts';

const words = (line: string): string[] => line.split(' ');
const usual = {
  proportional: { constant: 0, scale: 0, exponent: -0.3, norm_max: 0.7 },
  integral: { constant: 0, scale: 0, exponent: 0.4, norm_max: 0.3 },
  most_ppb: 1e8,
};

test('the file is the one after -f, alone or behind other letters', () => {
  assert.equal(confFileOf(words('ptp4l -f /etc/ptp4l.conf -i eth0')), '/etc/ptp4l.conf');
  assert.equal(confFileOf(words('ptp4l -mf /etc/ptp4l.conf')), '/etc/ptp4l.conf');
  assert.equal(confFileOf(words('ptp4l -f/etc/ptp4l.conf')), '/etc/ptp4l.conf');
  assert.equal(confFileOf(words('ptp4l -i eth0 -S --first_step_threshold 1')), undefined);
  assert.equal(confFileOf(words('ptp4l -iethf0 -pf')), undefined, 'letters of other words');
});

test('the servo is set by the global section, and by the command line above that', () => {
  const conf =
    '[global]\npi_proportional_const 0.7\n# pi_integral_const 9\npi_integral_const\t0.3\n[eth0]\npi_integral_const 5\n';
  const servo = piServoOf(words('ptp4l -f x'), conf);
  assert.deepEqual([servo?.proportional.constant, servo?.integral.constant], [0.7, 0.3]);
  const over = piServoOf(words('ptp4l -f x --pi_integral_const=0.1 --pi_proportional_const 0.5'), conf);
  assert.deepEqual([over?.proportional.constant, over?.integral.constant], [0.5, 0.1]);
  assert.deepEqual(piServoOf(['ptp4l'], ''), usual);
});

test('the servo goes as fast as it may, and the kernel lets it', () => {
  const most = (option: string) => piServoOf(words(`ptp4l ${option}`), '')?.most_ppb;
  assert.deepEqual(['--max_frequency=100000', '--max_frequency=0', '-S'].map(most), [1e5, 1e8, 1e8]);
});

test('another servo, or one that is set to no number, is not known', () => {
  assert.equal(piServoOf(['ptp4l'], '[global]\nclock_servo linreg\n'), undefined);
  assert.equal(piServoOf(words('ptp4l --clock_servo=ntpshm'), ''), undefined);
  assert.equal(piServoOf(['ptp4l'], '[global]\npi_integral_const much\n'), undefined);
  assert.equal(piServoOf(words('ptp4l --pi_proportional_const=0.7'), ''), undefined, 'ignored up to 4.4');
  assert.equal(piServoOf(words('ptp4l --pi_integral_scale=0.3'), ''), undefined, 'both scales, or none');
});
