/** Names of identifiers, of a person or of anything. */
export const ID_NAME: RegExp =
  /^(id|pid|.*_id|.*id|.*identifier|patient.*|person.*|client.*|participant.*|subject.*|cohortkey.*|study_?no)$/i;

/** Names that say whose identifier it is: a person's. */
export const PERSON_NAME: RegExp = /person|patient|client|participant|subject|pseudo|nhs|^p?id$/i;

/** Names of what numbers episodes. */
export const EPISODE_NAME: RegExp =
  /^(episode|pathway|referral|spell)([_ .-]?(id|no|nr|num|number|key|identifier))?$|^.*(episode|pathway|referral|spell).*(id|no|number|key|identifier)$/i;

/** Names of times and occasions. */
export const TIME_NAME: RegExp =
  /^(.*week.*|.*month.*|.*day.*|.*session.*|.*visit.*|.*occasion.*|.*time.*|.*date.*|wave.*)$/i;
