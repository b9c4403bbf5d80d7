/** Alarm rules, channels, and what was sent. */
import { AlarmRules } from "./alarmrules";
import { Channels } from "./channels";
import { Deliveries } from "./deliveries";

export function Alarms() {
  return (
    <>
      <AlarmRules />
      <Channels />
      <Deliveries />
    </>
  );
}
