// sha256 on Linux, by OpenSSL's libcrypto. Apple's platforms have CryptoKit.
#pragma once

#include <openssl/evp.h>
