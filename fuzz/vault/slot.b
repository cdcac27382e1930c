{
  "body": "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBKRE9qZnFaTndFaUZSVnJ2\nTi8vVHZ3IDEwClhKRGhTTjFiQmk2eWhacjlrM2xnU2E0alVESjdaT0p6dmt3bGNn\nTjhTcUkKLS0tIGE2SHpHTkE3QlB4cFlzNGhhVzUwZVRsdGRDSVZxNndXK0VUdzJM\na0xmYmMKlDYqJGKpxNITcHxNaXnFMkmo8L+66jkLLVjv7fclOX7PjIALNUOdVNlE\nT/0/l3IWWU35NIiv32DH6EeNOtbRTGSgCZpY3H+286Kxd0K71hILtsPKii/Cbz+r\n2IKL6pkdljP4Q7X9FCoBGCD2imEgrFblWgjQ/HEQUF0dEuklCwlf6R5c3G+FO98x\nIEZJ9wR49lTkEBQyb6bDb0bie62oAqFgRWrJlD7oQ5rgugh5hP+KvaoAMERsNu9s\nvOlm8M9Kf2XJ6/RlIZn15EvtpKE9iYYZyv4IrqKcDan8ZwhalVdQQkdDzPqH/DfY\n+m9rBJ5YWuxMyhl+3Gv9DeTOv7F1JY7AfvEDAcElO6spaYeC1vvhZATIbcqsjCaH\n8Sb5q4QyTq/RcMlr83Zzh5lyTXrC9xa4BCkJT0Q/4ad17aDFxzJ7cGKyg1o3Z51X\nARXT8vp+BX3CQowVkxwWVU7sqbPeTQ0EYV0KAbqroPvoJ1fBe50ArmXfOORRtyUb\nTqVmdxMB1cFPfVtjoYYK0o68LyR5VMt3cpSj8o1cSw93Nzxz1+9SUcw+WiYWlmHo\nybhBK4+CUUErQ44hgKc77Z38xjayXeB0W9KTkhFMSx4do7MBEhb8tyfd+aQs+fNw\nLHZD5zdV0rZuituWfocP1InnQUsNfVEIuafINt8TL4cLFjvTjKXuEo6ag2Ve3gJA\nuKTgr1HCwQ4Rd7t7g1chN+tANS5BcKOt2E69BU88HFt7GqIBrUfS3M0eei/JB/hm\nNDvyh8f0heeVPKSxw2hPh9jZgSy0TFaY1U/aN0TNa2ZOcxJ5F2xJDt1CaNzDie7U\n/TXbvGqEeM0mzMSgq13btqdBytGnmLzQpxdP4S4AJjgTqzzXOSRm\n-----END AGE ENCRYPTED FILE-----\n",
  "statement": {
    "body_sha256": "9d9605c1b86dcb20f40a1d2abeef42b83eb51837a3f571f32d39b30a8b514039",
    "epoch": 1,
    "format": "strongroom/1",
    "journal_count": 5,
    "journal_head": "e1d914c21778be150f077bc1f84f3c1c8d6e7db53c5f7f9021c00bdc29a26a0f",
    "network": "regtest",
    "policy": "",
    "previous": "ddd6e1aab60f2d5022af703ed7feb2597d32e4e93fe81a789834f8471453f83d",
    "roster": {
      "custodians": [
        {
          "approval_key": "3398de92797adf832737e9d024a1b0dee893feb14b57f5160f9879f1e24e87a4",
          "commitment": "97ef8472368bbcb955694414f43abf93c50b6267828b539fd285c9b3f1ebf1b0",
          "name": "alice",
          "share_index": 0
        },
        {
          "approval_key": "91a23d9dd82851dd7c55084df7b60478262dd13b74139b08b3c9e7143cfab52b",
          "commitment": "4618c38ee166483729086ce750a81b8623407318565b5c0916d964c8c319b992",
          "name": "bob",
          "share_index": 1
        },
        {
          "approval_key": "afa590991d51b1646f4032bcdacefc619719fcc83bd61ae8573c30ac50a62cb4",
          "commitment": "5644473987ee8df71f2742c823887351139b2d052bcd1524b51ea3b64d904ab0",
          "name": "carol",
          "share_index": 2
        }
      ],
      "identifiers": [
        9496
      ],
      "threshold": 2
    },
    "sequence": 2,
    "signature": "cb4af4ed7f399c16d451a438cee8c1eefca83db4dd8ef29491d990b7da0e1d905e7182fd022d6ec3b67ac78b4dd17f256e4759106e20e3269a65cf3b9d23ceb3",
    "statement_key": "c42259661f7aae8b1b1ae787812b0f14b7c16167d7d4e3b9a24a2b666b6154ea",
    "vault_id": "73ecf37fa412539d88c6697f6165b7ec0ddaf5a6b80b61e9f4d70428afe04b08",
    "wallets": [
      {
        "descriptor": "wpkh([65a9fa16/84h/1h/0h]tpubDCRzgxnn714HQGaQqDtdjoJBfkCjoUZ1gfcqaZGdZn66wDfgyH7TDCECCtFwM7cLW8V43ozxfhE48dfGqskdoAecPvWFrEbeKWepEycyYDb/<0;1>/*)#78k9aul8",
        "name": "main",
        "origins": [
          "65a9fa16/84h/1h/0h"
        ],
        "ours": [
          0
        ]
      }
    ]
  }
}
