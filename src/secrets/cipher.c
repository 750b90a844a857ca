/*-------------------------------------------------------------------------
 *
 * secrets/cipher.c
 *	  AES-256-GCM by OpenSSL, and memory for keys.
 *
 * The cipher and the mode are NIST SP 800-38D's with a nonce of 96 bits, by
 * OpenSSL's EVP.  A nonce is random: with 2^32 of them under a key, the most
 * that section 8.3 allows, two are the same with a probability below 2^-32; an
 * organisation's data key seals far fewer.
 *
 * OpenSSL keeps a key's schedule, which begins with the key, in memory of its
 * own that a core file would hold.  The one context that we use keeps its key from
 * secret to secret; then whoever opened or sealed some calls cipher_forget(), which
 * gives it a key of zeros, and where an error came between, the end of the
 * (sub)transaction does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "secrets/cipher.h"

/* All that keys ever take: masters, their text as it is read, and data keys. */
#define KEY_MEMORY (512 * 1024)

static EVP_CIPHER_CTX *context;
static EVP_CIPHER *cipher;

/* The key that the context has, and for what; NULL for none that matters. */
static const unsigned char *held;
static int	held_for;

/*
 * failed: the error for a call of OpenSSL's that failed.
 */
static void
failed(const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not %s", what),
			 errdetail_internal("OpenSSL: %s.", reason != NULL ? reason : "no reason given")));
}

/*
 * key_memory: memory for keys, not paged out where the system allows that, left
 * out of core files, and wiped when it is freed.  NULL where there is no more.
 *
 * Errors: out_of_memory where the system has none at all for it.
 */
void *
key_memory(Size size)
{
	/* 2: it is there, but not locked: RLIMIT_MEMLOCK is the system's to set */
	if (!CRYPTO_secure_malloc_initialized() &&
		CRYPTO_secure_malloc_init(KEY_MEMORY, 32) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not set memory for keys aside")));
	return OPENSSL_secure_malloc(size);
}

/*
 * key_memory_free: wipe it and give it back.
 */
void
key_memory_free(void *memory, Size size)
{
	if (memory == held)
		cipher_forget();
	OPENSSL_secure_clear_free(memory, size);
}

/*
 * at_end, at_subtransaction_end: a (sub)transaction ends, with an error perhaps.
 */
static void
at_end(XactEvent event, void *arg)
{
	(void) event;
	(void) arg;
	cipher_forget();
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
					  void *arg)
{
	(void) id;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		cipher_forget();
}

/*
 * set_up: make the context.
 */
static void
set_up(void)
{
	EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();

	cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (made == NULL || cipher == NULL ||
		EVP_CipherInit_ex2(made, cipher, NULL, NULL, 1, NULL) != 1)
		failed("set the cipher up");
	context = made;
	RegisterXactCallback(at_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

/*
 * cipher_init: begin with a key and a nonce, to encrypt or to decrypt; with the
 * tag that is to come out, if that is known.
 */
static void
cipher_init(const unsigned char *key, const unsigned char *nonce, int encrypt,
			const unsigned char *tag)
{
	OSSL_PARAM	parameters[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
								unconstify(unsigned char *, tag), TAG_BYTES),
		OSSL_PARAM_END
	};
	bool		again = held == key && held_for == encrypt;

	if (context == NULL)
		set_up();
	held = key;
	held_for = encrypt;
	if (EVP_CipherInit_ex2(context, NULL, again ? NULL : key, nonce, encrypt,
						   tag != NULL ? parameters : NULL) != 1)
		failed("begin with the cipher");
}

/*
 * cipher_forget: overwrite the schedule of the key that the context has.
 */
void
cipher_forget(void)
{
	static const unsigned char zeros[KEY_BYTES] = {0};

	if (held == NULL)
		return;
	held = NULL;
	(void) EVP_CipherInit_ex2(context, NULL, zeros, zeros, 1, NULL);
}

/*
 * cipher_seal: encrypt clear_len bytes, bound to the additional data, into
 * clear_len + CIPHER_EXTRA bytes at out: nonce, ciphertext, tag.
 */
void
cipher_seal(const unsigned char *key, const char *data, Size data_len,
			const char *clear, Size clear_len, unsigned char *out)
{
	int			length;
	bool		done;

	if (!pg_strong_random(out, NONCE_BYTES))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not get random bytes for a nonce")));
	cipher_init(key, out, 1, NULL);
	done = EVP_CipherUpdate(context, NULL, &length, (const unsigned char *) data, data_len) == 1 &&
		EVP_CipherUpdate(context, out + NONCE_BYTES, &length,
						 (const unsigned char *) clear, clear_len) == 1 &&
		EVP_CipherFinal_ex(context, out + NONCE_BYTES + length, &length) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
							out + NONCE_BYTES + clear_len) == 1;
	if (!done)
		failed("encrypt");
}

/*
 * cipher_open: decrypt what cipher_seal() has made, into sealed_len - CIPHER_EXTRA
 * bytes at clear; false, and nothing there, where it was not made with this key
 * and for these additional data.
 */
bool
cipher_open(const unsigned char *key, const char *data, Size data_len,
			const unsigned char *sealed, Size sealed_len, char *clear)
{
	Size		clear_len;
	int			length;
	bool		done;

	if (sealed_len < CIPHER_EXTRA)
		return false;
	clear_len = sealed_len - CIPHER_EXTRA;
	cipher_init(key, sealed, 0, sealed + NONCE_BYTES + clear_len);
	done = EVP_CipherUpdate(context, NULL, &length, (const unsigned char *) data, data_len) == 1 &&
		EVP_CipherUpdate(context, (unsigned char *) clear, &length,
						 sealed + NONCE_BYTES, clear_len) == 1 &&
		EVP_CipherFinal_ex(context, (unsigned char *) clear + length, &length) == 1;
	if (!done)
	{
		ERR_clear_error();
		explicit_bzero(clear, clear_len);
	}
	return done;
}
