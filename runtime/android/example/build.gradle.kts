plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "edgeattn.example"
    compileSdk = libs.versions.compileSdk.get().toInt()
    androidResources { noCompress += "" } // a bundle is mapped where it lies in the package
    defaultConfig {
        applicationId = "edgeattn.example"
        minSdk = libs.versions.minSdk.get().toInt()
        targetSdk = libs.versions.compileSdk.get().toInt()
    }
}

kotlin {
    jvmToolchain(libs.versions.jvm.get().toInt())
    compilerOptions { allWarningsAsErrors = true }
}

dependencies { implementation(project(":edgeattn")) }
