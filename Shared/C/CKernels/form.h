#pragma once
// Kernels over sixteen numbers at a time have two forms of one source: wide for AVX-512, narrow (ORK_NARROW, in the folder
// narrow) for AVX2. Each has names of its own; forms.c takes the one for the processor. Included before anything else.
#ifdef ORK_NARROW
#define ORK_FORM(name) name##_narrow
#define ORK_HAS_VECTORS(processor) ((processor).avx2)
#else
#define ORK_FORM(name) name##_wide
#define ORK_HAS_VECTORS(processor) ((processor).avx512)
#endif

// What forms.c offers to everybody.
#define ork_convolution_supported ORK_FORM(ork_convolution_supported)
#define ork_convolution_packed_bytes ORK_FORM(ork_convolution_packed_bytes)
#define ork_convolution_scratch_bytes ORK_FORM(ork_convolution_scratch_bytes)
#define ork_convolution_pack ORK_FORM(ork_convolution_pack)
#define ork_convolution_run ORK_FORM(ork_convolution_run)
#define ork_convolution_run_parts ORK_FORM(ork_convolution_run_parts)
#define ork_data_gradient ORK_FORM(ork_data_gradient)
#define ork_data_gradient_pack ORK_FORM(ork_data_gradient_pack)
#define ork_weight_gradient_supported ORK_FORM(ork_weight_gradient_supported)
#define ork_weight_gradient_scratch_bytes ORK_FORM(ork_weight_gradient_scratch_bytes)
#define ork_weight_gradient_run ORK_FORM(ork_weight_gradient_run)
#define ork_winograd_pack_tiles ORK_FORM(ork_winograd_pack_tiles)
#define ork_pooling_supported ORK_FORM(ork_pooling_supported)
#define ork_pooling_run ORK_FORM(ork_pooling_run)
#define ork_blocked_moments ORK_FORM(ork_blocked_moments)
#define ork_blocked_normalize ORK_FORM(ork_blocked_normalize)
#define ork_blocked_slopes ORK_FORM(ork_blocked_slopes)
#define ork_blocked_normalize_back ORK_FORM(ork_blocked_normalize_back)
#define ork_blocked_add ORK_FORM(ork_blocked_add)
#define ork_blocked_copy ORK_FORM(ork_blocked_copy)
#define ork_blocked_max_pool ORK_FORM(ork_blocked_max_pool)
#define ork_blocked_average_pool ORK_FORM(ork_blocked_average_pool)
#define ork_blocked_pool_back ORK_FORM(ork_blocked_pool_back)
#define ork_blocked_from_plain ORK_FORM(ork_blocked_from_plain)
#define ork_blocked_to_plain ORK_FORM(ork_blocked_to_plain)
#define ork_training_narrow ORK_FORM(ork_training_narrow)
#define ork_weights_convert ORK_FORM(ork_weights_convert)

// What only files of one form call.
#define ork_direct_cut ORK_FORM(ork_direct_cut)
#define ork_direct_packed_bytes ORK_FORM(ork_direct_packed_bytes)
#define ork_direct_pack ORK_FORM(ork_direct_pack)
#define ork_direct_run ORK_FORM(ork_direct_run)
#define ork_direct_run_parts ORK_FORM(ork_direct_run_parts)
#define ork_phases_cut ORK_FORM(ork_phases_cut)
#define ork_phases_pack ORK_FORM(ork_phases_pack)
#define ork_phases_packed_bytes ORK_FORM(ork_phases_packed_bytes)
#define ork_phases_scratch_bytes ORK_FORM(ork_phases_scratch_bytes)
#define ork_phases_run ORK_FORM(ork_phases_run)
#define ork_tile_f32 ORK_FORM(ork_tile_f32)
#define ork_winograd_supported ORK_FORM(ork_winograd_supported)
#define ork_winograd_cut ORK_FORM(ork_winograd_cut)
#define ork_winograd_packed_bytes ORK_FORM(ork_winograd_packed_bytes)
#define ork_winograd_pack ORK_FORM(ork_winograd_pack)
#define ork_winograd_rows ORK_FORM(ork_winograd_rows)
#define ork_winograd_run ORK_FORM(ork_winograd_run)
#define ork_winograd_run_phases ORK_FORM(ork_winograd_run_phases)
