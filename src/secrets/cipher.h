/*-------------------------------------------------------------------------
 *
 * secrets/cipher.h
 *	  AES-256-GCM by OpenSSL, and memory for keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_CIPHER_H
#define SECRETS_CIPHER_H

#define KEY_BYTES 32
#define NONCE_BYTES 12
#define TAG_BYTES 16

/* What is encrypted is longer by a nonce before it and a tag after it. */
#define CIPHER_EXTRA (NONCE_BYTES + TAG_BYTES)

extern void *key_memory(Size size);
extern void key_memory_free(void *memory, Size size);
extern void cipher_forget(void);
extern void cipher_seal(const unsigned char *key, const char *data, Size data_len,
						const char *clear, Size clear_len, unsigned char *out);
extern bool cipher_open(const unsigned char *key, const char *data, Size data_len,
						const unsigned char *sealed, Size sealed_len, char *clear);

#endif							/* SECRETS_CIPHER_H */
