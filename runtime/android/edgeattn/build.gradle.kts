plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
}

apply(from = "publication.gradle")

val onnxruntime: String by extra
val engine by configurations.creating
val engineFolder = layout.buildDirectory.dir("engine")

// The core is built on the headers and libraries of onnxruntime's own package.
val unpackEngine by tasks.registering(Sync::class) {
    from({ zipTree(engine.singleFile) }) { include("headers/**", "jni/**") }
    into(engineFolder)
}

android {
    namespace = "dev.edgeattn"
    compileSdk = libs.versions.compileSdk.get().toInt()
    ndkVersion = libs.versions.ndk.get()
    defaultConfig {
        minSdk = libs.versions.minSdk.get().toInt()
        consumerProguardFiles("consumer-rules.pro")
        externalNativeBuild {
            cmake {
                val folder = engineFolder.get().asFile
                arguments("-DANDROID_STL=c++_shared", "-DONNXRUNTIME_AAR=$folder")
                // Kernels are built in with Highway's headers: -Phighway=FOLDER, which holds hwy/ alone.
                providers.gradleProperty("highway").orNull?.let { arguments("-DHIGHWAY_INCLUDE_DIR=$it") }
            }
        }
    }
    externalNativeBuild { cmake { path = file("src/main/cpp/CMakeLists.txt") } }
    publishing { singleVariant("release") { withSourcesJar() } }
}

tasks.matching { it.name.startsWith("configureCMake") }.configureEach { dependsOn(unpackEngine) }

kotlin {
    jvmToolchain(libs.versions.jvm.get().toInt())
    compilerOptions { allWarningsAsErrors = true }
}

dependencies { engine("$onnxruntime@aar") }
