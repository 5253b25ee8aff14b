import { describe, expect, test } from 'vitest'
import { compileRedaction, foldName, listOf } from '../../../src/device/member-lists.ts'

const biometric = [
  'photo',
  'photos',
  'userphoto',
  'punchphoto',
  'logphoto',
  'pic',
  'pics',
  'picture',
  'image',
  'images',
  'img',
  'scene',
  'scenepic',
  'sceneimage',
  'snapshot',
  'portrait',
  'avatar',
  'face',
  'facepic',
  'faceimage',
  'facedata',
  'facetemplate',
  'fingerprint',
  'fingerprints',
  'fingerdata',
  'fingertemplate',
  'fptemplate',
  'palm',
  'palmtemplate',
  'vein',
  'iris',
  'template',
  'templates',
  'biodata',
  'biometric',
  'biometrics',
  'feature',
  'features',
  'embedding',
]
const personal = [
  'name',
  'username',
  'firstname',
  'lastname',
  'fullname',
  'displayname',
  'employeename',
  'personname',
  'card',
  'cardno',
  'cardnumber',
  'cardid',
  'rfid',
  'phone',
  'phoneno',
  'phonenumber',
  'mobile',
  'mobileno',
  'email',
  'mail',
  'address',
  'pin',
  'password',
  'passwd',
  'pwd',
  'idcard',
  'idnumber',
  'nationalid',
  'passport',
  'birthday',
  'birthdate',
  'dateofbirth',
  'gender',
  'authtoken',
  'token',
  'accesstoken',
  'apikey',
  'secret',
  'authorization',
]

describe('listed names', () => {
  test.each(biometric)('%s is biometric', (name) => expect(listOf(name, false)).toBe('biometric'))
  test.each(personal)('%s is personal', (name) => expect(listOf(name, false)).toBe('personal'))

  test('compare in lower case without _ and -, whole name only', () => {
    expect(foldName('_User-PHOTO__')).toBe('userphoto')
    expect(listOf('E-MAIL', false)).toBe('personal')
    expect(listOf('API_Key', false)).toBe('personal')
    for (const name of ['photo1', 'my photo', 'photo ', 'surname', 'names', 'user', 'id', '', '_'])
      expect(listOf(name, false)).toBeNull()
  })

  test('user ids are cut under a pseudonym key, further names by the settings', () => {
    expect(listOf('USER_ID', false)).toBeNull()
    expect(listOf('USER_ID', true)).toBe('personal')
    const isCut = compileRedaction(['Door_No'], false)
    expect(['doorno', 'DOOR-NO', 'door no', 'userid', 'Photo'].map(isCut)).toEqual([true, true, false, false, true])
    expect(compileRedaction([], true)('user-Id')).toBe(true)
  })
})
